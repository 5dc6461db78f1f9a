"""The guided recording session: find, check the strap, settle, measure, recover, save.

There is no terminal here: the session shows and asks through the protocols of `interface`, which
`tremor.cli` implements for a terminal. Decisions are pure functions over frozen records
(`strap_check`, `settling`, `coaching`, `view`); `folders` and `track` touch the disk and the
sensor, and `session` calls each in its turn. What follows a recording is `outcome`. Sensors are
`devices`, keeping samples is `tremor.recorder`, windows are `tremor.analysis.live`.
"""
