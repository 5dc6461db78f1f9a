"""Many captures: what is asked for, the work on one of them, who does it, and the tables."""
