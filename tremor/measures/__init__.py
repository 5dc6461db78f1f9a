"""A window in, one number with its interval out."""
