"""Files that people bring: text, JSON, YAML, tables."""
