"""Numbers that decide what a table of text says of time: unit, column, wraps, and counters.

The clock that is fitted to the stamps is in `stamps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "CLOCK_WRAPS",
    "COUNTERS",
    "HELD_SAMPLES",
    "STAMP_UNITS",
    "TIME_COLUMNS",
    "ClockWrapCalibration",
    "CounterCalibration",
    "HeldSampleCalibration",
    "StampUnitCalibration",
    "TimeColumnCalibration",
]

_WRAP_TESTS: Final = (
    "measured: tests/formats/csv/test_wraps.py, counters of 16 to 32 bits at 25 to 400 Hz"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampUnitCalibration:
    """Which unit of time the numbers of a time column can be in."""

    possible_rate_hz: tuple[float, float] = calibrated(
        (1.0, 20_000.0),
        "Hz",
        "sampling rates of an accelerometer: 4 Hz to 8 kHz on chips, more on shakers; outside, "
        "the named unit of time is not that of the numbers",
        source=JUDGEMENT,
    )
    guessed_rate_hz: tuple[float, float] = calibrated(
        (4.0, 4000.0),
        "Hz",
        "rates among which an unnamed unit is guessed: a factor of 1000, so that one unit fits",
        source="derived: units of time are factors of 1000 apart",
    )
    most_guessed_whole_hz: float = calibrated(
        1100.0,
        "Hz",
        "highest rate at which whole numbers without a name are a time: ticks of 1/32768 s "
        "at 50 Hz would be microseconds at 1500 Hz",
        source=JUDGEMENT,
    )
    date_range_s: tuple[float, float] = calibrated(
        (1.0e9, 2.6e9),
        "s",
        "seconds since 1970 that are the date of a capture: September 2001 to May 2052",
        source=JUDGEMENT,
    )
    least_counting: float = calibrated(
        0.9,
        "1",
        "share of the steps that are exactly one in a row counter; lost rows make others",
        source=JUDGEMENT,
    )
    block_rows: int = calibrated(
        100,
        "rows",
        "rows over which steps are averaged before their median is taken: several packets",
        source=JUDGEMENT,
    )
    least_blocks: int = calibrated(
        20, "1", "blocks of rows, so that gaps in a few leave their median", source=JUDGEMENT
    )
    least_rows: int = calibrated(
        10, "rows", "rows from which on a rate can be called impossible", source=JUDGEMENT
    )
    least_restarts: int = calibrated(
        2, "1", "falls of the stamps from which on they start again and again", source=JUDGEMENT
    )
    least_fall: float = calibrated(
        0.9,
        "1",
        "each of these falls over the range of the stamps: all of it, but for the time of a row",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeColumnCalibration:
    """Which of several columns holds the time of the samples."""

    most_backward: float = calibrated(
        0.01, "1", "share of the steps that go back in a column that is a clock", source=JUDGEMENT
    )
    finest_s: float = calibrated(
        1.0e-6,
        "s",
        "resolution beyond which a finer column is no better: a thousandth of a period",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWrapCalibration:
    """Where a fall of the stamps is the end of a counter."""

    usual_steps: float = calibrated(
        2.5,
        "1",
        "times the usual step that pass at most over the end of a counter of unknown start",
        source=_WRAP_TESTS,
    )
    most_lost_s: float = calibrated(
        1.0,
        "s",
        "time that may be lost over the end of a counter whose last and first number are seen",
        source=JUDGEMENT,
    )
    lost_share: float = calibrated(
        0.001, "1", "... if that is no more than this share of the span", source=JUDGEMENT
    )
    least_steps: float = calibrated(
        100.0,
        "1",
        "steps in a span from which on a single fall by it is no chance",
        source=JUDGEMENT,
    )
    least_falls: int = calibrated(
        3, "1", "falls from which on a shorter span is told by all of them", source=JUDGEMENT
    )
    least_alike: float = calibrated(
        0.9, "1", "share of these falls that are the span", source=JUDGEMENT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterCalibration:
    """Which column counts the samples, and what it may lose."""

    least_rows: int = calibrated(5, "rows", "rows that show a counter, at least", source=JUDGEMENT)
    least_ones: float = calibrated(
        0.5,
        "1",
        "share of the steps that are one in a counter; lost rows make others",
        source=JUDGEMENT,
    )
    most_falls: float = calibrated(
        0.2,
        "1",
        "share of the steps that fall where a counter runs over, at most",
        source=JUDGEMENT,
    )
    least_from_top: float = calibrated(
        0.5,
        "1",
        "share of the falls from the highest number to the lowest that show where a counter ends",
        source=JUDGEMENT,
    )
    most_lost_of_span: float = calibrated(
        0.25,
        "1",
        "share of a counter that may be lost over its end; after more it has started again",
        source=JUDGEMENT,
    )
    most_lost_share: float = calibrated(
        20.0,
        "1",
        "samples a counter may count for each row: a stream of which 5 % arrive",
        source=JUDGEMENT,
    )
    most_lost_rows: float = calibrated(
        1.0e6, "rows", "... and more: three hours at 100 Hz in one gap", source=JUDGEMENT
    )
    most_stamped_share: float = calibrated(
        0.9,
        "1",
        "share of rows with a stamp of their own up to which a counter shows more than the stamps",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSampleCalibration:
    """When each sample is held over several rows, as in a table of a faster sensor."""

    least_changes: int = calibrated(
        8, "1", "changes of the samples from which on they can be judged", source=JUDGEMENT
    )
    least_rows: float = calibrated(
        1.8, "rows", "mean number of rows for which a sample is held, at least", source=JUDGEMENT
    )
    most_spread: float = calibrated(
        0.35,
        "1",
        "standard deviation of that number over its mean, at most: at rest it is near 1",
        source=JUDGEMENT,
    )


STAMP_UNITS: Final = StampUnitCalibration()
TIME_COLUMNS: Final = TimeColumnCalibration()
CLOCK_WRAPS: Final = ClockWrapCalibration()
COUNTERS: Final = CounterCalibration()
HELD_SAMPLES: Final = HeldSampleCalibration()
