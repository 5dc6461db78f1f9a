"""Sessions compared: how much a number changed, and whether that is more than chance."""
