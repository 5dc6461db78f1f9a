"""The entries of the table of text formats, by who writes the files."""
