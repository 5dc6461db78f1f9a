"""Every number that decides a verdict or an interval: value, unit, reason and source.

`AnalysisSettings` holds what a user may change. The other tables hold what was calibrated together
and is not meant to be changed one by one: the clock of stamps (`stamps`) and of packets
(`arrivals`), what a table says of time (`stamp_columns`), tables without a header (`layouts`),
where a capture is cut (`segments`), its rails, gravity and quality (`captures`), what stands in
the place of samples (`fillings`), the noise floor (`spectra`), the scores of a window (`scores`),
shaking that is no tremor (`outside`), the line model (`lines`) and its check (`fits`), episodes,
cautions and streams (`sessions`), the prior of a recovery (`recoveries`), sessions that are
compared (`comparisons`), a batch (`batches`), the tap test of a strap (`strap`).
How much a file may ask of the computer is in `bounds`, and how much a local page, in `pages`.
Constants of nature, and numerics such as
tolerances, iteration counts and chunk sizes, stay where they are used.
"""

from tremor.settings.analysis import AnalysisSettings
from tremor.settings.arrivals import ARRIVAL_GAPS, RUNNING_CLOCK, STALLS, UNREPORTED_LOSS
from tremor.settings.batches import ODD
from tremor.settings.bounds import ARCHIVE_BOUNDS, OPTION_BOUNDS, TABLE_BOUNDS, TEXT_BOUNDS
from tremor.settings.captures import GRAVITY, QUALITY, RAILS, RESOLUTION
from tremor.settings.comparisons import COMPARISON, LEGS, SCALE
from tremor.settings.decoders import COMPANIONS, JSON_BOUNDS, PACKET_STAMPS
from tremor.settings.fillings import FILLINGS
from tremor.settings.fits import FIT_CHECK, TURNS
from tremor.settings.layouts import ROW_LAYOUTS
from tremor.settings.lines import LINE, LINE_POWER, LONG_TONE, POOLED_LINE, SINE
from tremor.settings.outside import HEART_BESIDE, HUMPS, OUTSIDE, STEADINESS
from tremor.settings.pages import APP_BOUNDS
from tremor.settings.recoveries import (
    DECAY_PRIOR,
    DECAY_READING,
    POSTURES,
    REST_POWER,
    RMS_SERIES,
)
from tremor.settings.scores import ENVELOPE, GAIT_COMB, HARMONICS, HEARTBEAT, IMPACTS, PEAK
from tremor.settings.segments import SEGMENTS
from tremor.settings.sessions import CAUTIONS, DRIFT, EPISODES, PRESENCE, STREAM
from tremor.settings.spectra import MISSING, NOISE_FLOOR, SPECTRUM
from tremor.settings.stamp_columns import (
    CLOCK_WRAPS,
    COUNTERS,
    HELD_SAMPLES,
    STAMP_UNITS,
    TIME_COLUMNS,
)
from tremor.settings.stamps import (
    LATE_STAMPS,
    RATE_FIT,
    RESAMPLING,
    SLOPE_FIT,
    STAMP_ORDER,
    WHOLE_STEPS,
)
from tremor.settings.strap import TAPS
from tremor.settings.straps import STRAP

__all__ = [
    "APP_BOUNDS",
    "ARCHIVE_BOUNDS",
    "ARRIVAL_GAPS",
    "CAUTIONS",
    "CLOCK_WRAPS",
    "COMPANIONS",
    "COMPARISON",
    "COUNTERS",
    "DECAY_PRIOR",
    "DECAY_READING",
    "DRIFT",
    "ENVELOPE",
    "EPISODES",
    "FILLINGS",
    "FIT_CHECK",
    "GAIT_COMB",
    "GRAVITY",
    "HARMONICS",
    "HEARTBEAT",
    "HEART_BESIDE",
    "HELD_SAMPLES",
    "HUMPS",
    "IMPACTS",
    "JSON_BOUNDS",
    "LATE_STAMPS",
    "LEGS",
    "LINE",
    "LINE_POWER",
    "LONG_TONE",
    "MISSING",
    "NOISE_FLOOR",
    "ODD",
    "OPTION_BOUNDS",
    "OUTSIDE",
    "PACKET_STAMPS",
    "PEAK",
    "POOLED_LINE",
    "POSTURES",
    "PRESENCE",
    "QUALITY",
    "RAILS",
    "RATE_FIT",
    "RESAMPLING",
    "RESOLUTION",
    "REST_POWER",
    "RMS_SERIES",
    "ROW_LAYOUTS",
    "RUNNING_CLOCK",
    "SCALE",
    "SEGMENTS",
    "SINE",
    "SLOPE_FIT",
    "SPECTRUM",
    "STALLS",
    "STAMP_ORDER",
    "STAMP_UNITS",
    "STEADINESS",
    "STRAP",
    "STREAM",
    "TABLE_BOUNDS",
    "TAPS",
    "TEXT_BOUNDS",
    "TIME_COLUMNS",
    "TURNS",
    "UNREPORTED_LOSS",
    "WHOLE_STEPS",
    "AnalysisSettings",
]
