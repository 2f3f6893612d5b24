"""The command line: `societies run`, `show`, `resume`, `replay` and the rest."""
