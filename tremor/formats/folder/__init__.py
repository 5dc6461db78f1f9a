"""Recording folders: samples, packet log and manifest, readable however they ended."""
