"""Signal processing: arrays in, arrays or spectra out. Nothing here has heard the word tremor."""
