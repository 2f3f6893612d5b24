"""How replies are read."""
