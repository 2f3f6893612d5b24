"""From a scenario file to a configuration, with every problem told in its place."""
