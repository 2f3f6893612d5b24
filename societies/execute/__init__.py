"""From a configuration to a run: running, resuming, replaying, forking, estimating."""
