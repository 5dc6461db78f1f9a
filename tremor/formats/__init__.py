"""Captures in: one table of readers, one function that chooses among them."""
