"""The one pipeline: windows, verdicts, episodes, and the result that every output renders."""
