"""Findings of the sensor: what the analysis of a capture states as facts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tremor.explanation.findings.finding import Finding, interval
from tremor.notes import Note, note
from tremor.results.verdicts import REASON_NAMES

if TYPE_CHECKING:
    from tremor.estimate import Estimate
    from tremor.results.analysis import Analysis
    from tremor.results.recovery import Recovery

__all__ = ["MEASURED", "not_measured"]

#: Windows that hold nothing but pulses, of those in which the leg was still: so many, and such a
#: share, make a pattern.
PULSES_LEAST_WINDOWS: Final = 3
PULSES_LEAST_SHARE: Final = 0.1
#: Tremor in this share of the still time and more is steady.
STEADY_OCCUPANCY: Final = 0.5
#: Tremor of tired muscle lies in between, Hz: Lippold (1981), 4 to 6 Hz after long work and 8 to 12
#: Hz after any.
FATIGUE_HZ: Final = (4.0, 12.0)
_NORMAL_QUANTILE: Final = 1.96


def not_measured(key: str, analysis: Analysis, reason: Note | None = None) -> Finding:
    """Make the finding for which the sensor has no number.

    Parameters
    ----------
    key : str
        Name of the finding.
    analysis : Analysis
        What was measured.
    reason : Note, optional
        Why there is no number although there was a tremor.

    Returns
    -------
    Finding
        Without a value.
    """
    if analysis.status == "no_tremor":
        why = note("NO_TREMOR_SEEN")
    elif analysis.status == "measured" and reason is not None:
        why = reason
    else:
        summary = analysis.summary
        why = summary.reason or summary.frequency_hz.reason or note("LITTLE_STILL_TIME")
    return Finding(key=key, statement=note("NOT_MEASURED", finding=key, why=why), origin="measured")


def _estimated(
    key: str, analysis: Analysis, estimate: Estimate, unit: str, statement: Callable[[], Note]
) -> Finding:
    if estimate.value is None:
        return not_measured(key, analysis, estimate.reason)
    return Finding(
        key=key,
        statement=statement(),
        origin="measured",
        value=estimate.value,
        unit=unit,
        low=estimate.low,
        high=estimate.high,
    )


def _frequency(analysis: Analysis) -> Finding:
    estimate = analysis.summary.frequency_hz
    return _estimated(
        "frequency",
        analysis,
        estimate,
        "Hz",
        lambda: note("FINDING_FREQUENCY", frequency_hz=interval(estimate)),
    )


def _amplitude(analysis: Analysis) -> Finding:
    estimate = analysis.summary.rms_ms2
    return _estimated(
        "amplitude",
        analysis,
        estimate,
        "m/s^2",
        lambda: note("FINDING_AMPLITUDE", rms_ms2=interval(estimate)),
    )


def _line_width(analysis: Analysis) -> Finding:
    """Return the width of the line, which counts only at the frequencies of tired muscle."""
    estimate, frequency_hz = analysis.summary.bandwidth_hz, analysis.summary.frequency_hz.value
    found = _estimated(
        "line_width",
        analysis,
        estimate,
        "Hz",
        lambda: note("FINDING_LINE_WIDTH", bandwidth_hz=interval(estimate)),
    )
    low_hz, high_hz = FATIGUE_HZ
    if not found.known or frequency_hz is None or low_hz <= frequency_hz <= high_hz:
        return found
    statement = note(
        "WIDTH_BESIDE_FATIGUE",
        bandwidth_hz=interval(estimate),
        frequency_hz=frequency_hz,
        low_hz=low_hz,
        high_hz=high_hz,
    )
    return replace(found, statement=statement, kept=0.0)


def _direction(analysis: Analysis) -> Finding:
    """Return the median polarisation of the windows, with its interval from order statistics."""
    polarisation = analysis.windows.polarisation
    polarisation = np.sort(polarisation[np.isfinite(polarisation)])
    n = len(polarisation)
    if not n or analysis.status != "measured":
        return not_measured("direction", analysis)
    # Windows overlap by half, so every second one is new.
    reach = _NORMAL_QUANTILE * 0.5 * math.sqrt(2.0 * n)
    low = float(polarisation[max(math.floor(0.5 * n - reach), 0)])
    high = float(polarisation[min(math.ceil(0.5 * n + reach), n - 1)])
    median = float(np.median(polarisation))
    return Finding(
        key="direction",
        statement=note(
            "FINDING_DIRECTION", aligned_share={"value": median, "low": low, "high": high}
        ),
        origin="measured",
        value=median,
        unit="1",
        low=low,
        high=high,
    )


def _pattern(analysis: Analysis) -> Finding:
    table = analysis.windows
    judged = int(np.count_nonzero(table.where("tremor") | table.where("no_tremor")))
    pulses = int(np.count_nonzero(table.reason == REASON_NAMES.index("only_impacts")))
    still = judged + pulses
    if not still:
        return not_measured("pattern", analysis)
    if pulses >= PULSES_LEAST_WINDOWS and pulses >= PULSES_LEAST_SHARE * still:
        return Finding(
            key="pattern",
            statement=note("FINDING_PULSES", n_pulses=pulses, n_still=still),
            origin="measured",
            word="single pulses",
        )
    occupancy = analysis.summary.occupancy
    if analysis.status != "measured" or occupancy is None:
        return not_measured("pattern", analysis)
    return Finding(
        key="pattern",
        statement=note("FINDING_OCCUPANCY", tremor_share=occupancy),
        origin="measured",
        word="steady" if occupancy >= STEADY_OCCUPANCY else "on and off",
    )


def _recovery(analysis: Analysis) -> Finding:
    recovery = analysis.recovery
    if analysis.status != "measured" or recovery is None:
        return not_measured("recovery", analysis)
    if recovery.verdict == "decays":
        return _decays(recovery)
    if recovery.verdict == "persists":
        return _persists(recovery)
    return Finding(
        key="recovery",
        statement=note("NOT_DETERMINED", finding="recovery", why=recovery.reason),
        origin="measured",
    )


def _decays(recovery: Recovery) -> Finding:
    half_life, gone = recovery.half_life_s, recovery.fraction_gone
    return Finding(
        key="recovery",
        statement=note(
            "FINDING_DECAYS",
            half_life=None
            if half_life.value is None
            else note("HALF_LIFE", half_life_s=interval(half_life)),
            gone=None
            if gone.value is None
            else note("GONE_AFTER", rest_s=recovery.rest_s, gone_share=interval(gone)),
        ),
        origin="measured",
        word="decays",
        value=half_life.value,
        unit="s" if half_life.value is not None else "",
        low=half_life.low,
        high=half_life.high,
    )


def _persists(recovery: Recovery) -> Finding:
    gone = recovery.fraction_gone
    return Finding(
        key="recovery",
        statement=note(
            "FINDING_PERSISTS",
            rest_s=recovery.rest_s,
            gone=None if gone.high is None else note("GONE_AT_MOST", gone_share=interval(gone)),
        ),
        origin="measured",
        word="persists",
        value=gone.value,
        unit="1" if gone.value is not None else "",
        low=gone.low,
        high=gone.high,
    )


#: Every finding of the sensor alone, by name.
MEASURED: Final[Mapping[str, Callable[[Analysis], Finding]]] = {
    "frequency": _frequency,
    "amplitude": _amplitude,
    "recovery": _recovery,
    "line_width": _line_width,
    "direction": _direction,
    "pattern": _pattern,
}
