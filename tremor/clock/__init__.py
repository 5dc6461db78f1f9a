"""True sampling rates, sample positions and gaps, from time stamps or packet arrivals."""
