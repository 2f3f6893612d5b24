"""Kinds of language models, one file each: its name is the prefix of the names of its models."""
