"""Signal processing: arrays in, arrays or spectra out. Nothing here is specific to tremor."""
