"""What is kept of a run: typed records, their log, and the journal."""
