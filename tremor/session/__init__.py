"""The guided session of ``tremor record``: find, fit, settle, measure, recover, save, ask.

What is decided from numbers are functions over frozen records (`fit`, `settling`, `coaching`,
`view`); what touches the world is one file each (`keyboard`, `screen`, `folders`, `track`), and
`session` gives each of them its turn. Sensors are `devices`, keeping samples is `tremor.recorder`,
and windows are `tremor.analysis.live`.
"""
