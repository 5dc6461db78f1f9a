"""Findings: statements of fact, each with where it comes from."""
