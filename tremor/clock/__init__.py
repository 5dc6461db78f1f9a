"""True sampling rates, sample positions and gaps, from time stamps or packet arrivals.

`timebase` is the clock of a capture with stamps: `by_steps` or `by_arrivals` find the position of
each row, `rate` fits the sampling period to them, `resampling` is for a rate that wanders. `even`
gives the same for a long capture without gaps while it is read. `packets` is the clock of samples
that are timed by the arrival of their packets, `running` that of a stream, and `unreported_loss`
finds what neither count nor sensor shows. All of them fit slopes with `line_fit`.

Reading files and decoding packets is done elsewhere. Numbers that decide are in `tremor.settings`.
"""
