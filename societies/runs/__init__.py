"""Reading what is on disk."""
