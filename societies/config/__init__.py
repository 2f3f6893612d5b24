"""The configuration of a run: what a scenario file may say."""
