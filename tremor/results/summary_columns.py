"""The columns of the tables with a row for each capture: what was found, and how good it is.

`Analysis.summary_row`, the tables of many captures and their data dictionary iterate over the two
tables in here. A new column is one entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tremor.results.estimates import ESTIMATES

if TYPE_CHECKING:
    from tremor.estimate import Estimate
    from tremor.results.analysis import Analysis

__all__ = ["QUALITY_COLUMNS", "SUMMARY_COLUMNS", "Column", "row_of"]

#: Verdicts of windows that could not be judged, each with a share of its own in the quality table.
_UNJUDGED: Final = (
    "moving",
    "gait",
    "impact",
    "heartbeat",
    "settling",
    "gap",
    "clipped",
    "dead",
)


class Column(NamedTuple):
    """One column: its name ends with its unit; ``value`` is computed of an `Analysis`."""

    name: str
    unit: str
    meaning: str
    value: Callable[[Analysis], Any]


def row_of(analysis: Analysis, columns: Iterable[Column]) -> dict[str, Any]:
    """Compute a row of a table.

    Parameters
    ----------
    analysis : Analysis
        Result of one capture.
    columns : iterable of Column
        `SUMMARY_COLUMNS` or `QUALITY_COLUMNS`.

    Returns
    -------
    dict
        Text, numbers and None by the names of the columns, in their order.
    """
    return {column.name: column.value(analysis) for column in columns}


def _estimate(
    name: str, unit: str, meaning: str, find: Callable[[Analysis], Estimate | None]
) -> tuple[Column, ...]:
    """Return three columns: a value and the limits of its interval."""

    def part(which: str) -> Callable[[Analysis], float | None]:
        def value(analysis: Analysis) -> float | None:
            estimate = find(analysis)
            found: float | None = None if estimate is None else getattr(estimate, which)
            return found

        return value

    return (
        Column(name, unit, meaning, part("value")),
        Column(f"{name}_low", unit, f"{meaning}: lower limit", part("low")),
        Column(f"{name}_high", unit, f"{meaning}: upper limit", part("high")),
    )


def _of_summary(name: str) -> Callable[[Analysis], Estimate | None]:
    return lambda analysis: getattr(analysis.summary, name)


def _of_recovery(name: str) -> Callable[[Analysis], Estimate | None]:
    return lambda a: None if a.recovery is None else getattr(a.recovery, name)


def _of_beyond(name: str) -> Callable[[Analysis], float | None]:
    def value(analysis: Analysis) -> float | None:
        beyond = analysis.beyond_band
        found: float | None = None if beyond is None else getattr(beyond, name).value
        return found

    return value


def _words(words: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(words))


def _support(number: int) -> Callable[[Analysis], str]:
    def value(analysis: Analysis) -> str:
        some = analysis.explanations
        return some[number].id if number < len(some) and some[number].word != "cannot tell" else ""

    return value


#: What was found, in the order of the columns.
SUMMARY_COLUMNS: Final[tuple[Column, ...]] = (
    Column("source", "", "Name of the capture", lambda a: a.source.name),
    Column(
        "started_at", "ISO 8601", "Wall time of the first sample", lambda a: a.recording.started_at
    ),
    Column("placement", "", "Where the sensor was worn", lambda a: a.recording.placement),
    Column("status", "", "measured, no_tremor or insufficient", lambda a: a.status),
    Column(
        "duration_s", "s", "Length of the capture, gaps included", lambda a: a.recording.duration_s
    ),
    Column("still_s", "s", "Time that could be judged", lambda a: a.summary.still_s),
    Column("tremor_s", "s", "Time in episodes of tremor", lambda a: a.summary.tremor_s),
    Column("occupancy", "1", "tremor_s over still_s", lambda a: a.summary.occupancy),
    *(
        column
        for entry in ESTIMATES
        for column in _estimate(entry.name, entry.unit, entry.meaning, _of_summary(entry.name))
    ),
    Column(
        "recovery",
        "",
        "decays, persists, not_determined or insufficient",
        lambda a: None if a.recovery is None else a.recovery.verdict,
    ),
    *_estimate(
        "initial_rms_ms2",
        "m/s^2",
        "RMS at the beginning of the rest",
        _of_summary("initial_rms_ms2"),
    ),
    *_estimate(
        "final_rms_ms2", "m/s^2", "RMS at the end of the rest", _of_summary("final_rms_ms2")
    ),
    *_estimate("half_life_s", "s", "Time in which the RMS halves", _of_recovery("half_life_s")),
    Column("n_episodes", "1", "Number of episodes of tremor", lambda a: len(a.episodes)),
    Column(
        "intermittent", "", "Whether the tremor comes in bursts", lambda a: a.summary.intermittent
    ),
    Column(
        "cautions",
        "",
        "Codes of what weakens the result",
        lambda a: _words(c.code for c in a.cautions),
    ),
    Column(
        "beyond_band_hz",
        "Hz",
        "Frequency of the strongest shaking outside the band",
        _of_beyond("frequency_hz"),
    ),
    Column("beyond_band_rms_ms2", "m/s^2", "Its RMS", _of_beyond("rms_ms2")),
    Column("explanation", "", "Explanation with the most support; empty if none has", _support(0)),
)


def _share(verdict: str) -> Callable[[Analysis], float]:
    def value(analysis: Analysis) -> float:
        verdicts = np.asarray(analysis.windows.verdict)
        return float(np.mean(verdicts == verdict)) if len(verdicts) else 0.0

    return value


def _lost(analysis: Analysis) -> float:
    n_lost = sum(gap.n_lost for gap in analysis.recording.gaps)
    return n_lost / max(1, n_lost + analysis.recording.n_samples)


#: How good the capture is, in the order of the columns.
QUALITY_COLUMNS: Final[tuple[Column, ...]] = (
    Column("format", "", "Format of the file", lambda a: a.source.format),
    Column("n_samples", "1", "Samples that are there", lambda a: a.recording.n_samples),
    Column(
        "sampling_rate_hz",
        "Hz",
        "Sampling rate as estimated",
        lambda a: a.recording.sampling_rate_hz,
    ),
    Column(
        "sampling_rate_sd_hz",
        "Hz",
        "Its standard deviation; empty if it was declared",
        lambda a: a.recording.sampling_rate_sd_hz,
    ),
    Column(
        "nominal_sampling_rate_hz",
        "Hz",
        "Rate that sensor or file declare",
        lambda a: a.recording.nominal_sampling_rate_hz,
    ),
    Column("unit_in", "", "Unit in the file", lambda a: a.recording.unit_in),
    Column("gravity", "", "included or removed", lambda a: a.recording.gravity),
    Column(
        "scale_correction",
        "1",
        "Factor that makes gravity read 9.80665 m/s^2",
        lambda a: a.recording.scale_correction,
    ),
    Column("n_gaps", "1", "Number of gaps", lambda a: len(a.recording.gaps)),
    Column("lost_fraction", "1", "Share of the samples that were lost", _lost),
    Column(
        "longest_gap_s",
        "s",
        "Longest gap",
        lambda a: max((gap.duration_s for gap in a.recording.gaps), default=0.0),
    ),
    Column(
        "clipped_fraction",
        "1",
        "Share of the samples at a rail of the sensor",
        lambda a: a.recording.clipped_fraction,
    ),
    Column("dead_axes", "", "Axes that hold one value", lambda a: _words(a.recording.dead_axes)),
    *(
        Column(
            f"{verdict}_fraction",
            "1",
            f"Share of windows with the verdict {verdict}",
            _share(verdict),
        )
        for verdict in _UNJUDGED
    ),
    Column(
        "warnings",
        "",
        "Codes of the warnings of reading",
        lambda a: _words(one.code for one in a.recording.warnings),
    ),
)
