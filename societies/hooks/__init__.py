"""What takes part in a run without being the scenario."""
