"""One result, rendered as text, JSON, tables, figures and a page."""
