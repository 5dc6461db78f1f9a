"""Text tables: dialects, sniffing, parsing, time stamps, units, and the native CSV."""
