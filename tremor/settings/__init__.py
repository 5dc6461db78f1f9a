"""Every number that decides a verdict or an interval: value, unit, reason and source.

`AnalysisSettings` holds what a user may change. The other tables hold what was calibrated
together and is not meant to be changed one by one: the scores of a window (`scores`), the line
model (`lines`), episodes, cautions and streams (`sessions`), the prior of a recovery
(`recoveries`), the tap test of a strap (`strap`). Constants of nature, and numerics such as
tolerances, iteration counts and chunk sizes, stay where they are used.
"""

from tremor.settings.analysis import AnalysisSettings
from tremor.settings.lines import LINE, LINE_POWER, LONG_TONE, POOLED_LINE, SINE
from tremor.settings.recoveries import DECAY_PRIOR, DECAY_READING, RMS_SERIES
from tremor.settings.scores import ENVELOPE, GAIT_COMB, HEARTBEAT, IMPACTS, PEAK
from tremor.settings.sessions import CAUTIONS, EPISODES, STREAM
from tremor.settings.strap import TAPS

__all__ = [
    "CAUTIONS",
    "DECAY_PRIOR",
    "DECAY_READING",
    "ENVELOPE",
    "EPISODES",
    "GAIT_COMB",
    "HEARTBEAT",
    "IMPACTS",
    "LINE",
    "LINE_POWER",
    "LONG_TONE",
    "PEAK",
    "POOLED_LINE",
    "RMS_SERIES",
    "SINE",
    "STREAM",
    "TAPS",
    "AnalysisSettings",
]
