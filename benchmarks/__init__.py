"""How fast, how parallel and how lean it is: each module prints a table of measurements."""
