"""Captures that are no table of text: what claims them, and how they become samples and stamps."""
