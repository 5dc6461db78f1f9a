"""Findings of the sensor: what the analysis of a capture states as facts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

import numpy as np

from tremor.explanation.findings.finding import Finding, figure, not_measured, with_interval
from tremor.results.verdicts import REASON_NAMES

if TYPE_CHECKING:
    from tremor.estimate import Estimate
    from tremor.notes import Note
    from tremor.results.analysis import Analysis

__all__ = ["MEASURED", "why_no_tremor"]

#: Windows that hold nothing but pulses, of those in which the leg was still: so many, and such a
#: share, make a pattern.
PULSES_LEAST_WINDOWS: Final = 3
PULSES_LEAST_SHARE: Final = 0.1
#: Tremor in this share of the still time and more is steady.
STEADY_OCCUPANCY: Final = 0.5
_NORMAL_QUANTILE: Final = 1.96


def _say(note: Note | None) -> str:
    text: str = import_module("tremor.report.messages").sentence(note)
    return text


def why_no_tremor(analysis: Analysis) -> str:
    """Say why there is no number of the tremor."""
    if analysis.status == "no_tremor":
        return "the sensor saw no tremor"
    reason = analysis.summary.reason or analysis.summary.frequency_hz.reason
    return _say(reason) or "there was too little still time"


def _estimated(
    key: str, what: str, says: str, estimate: Estimate, unit: str, analysis: Analysis
) -> Finding:
    if estimate.value is None:
        reason = _say(estimate.reason) if analysis.status == "measured" else why_no_tremor(analysis)
        return not_measured(key, what, reason)
    return Finding(
        key=key,
        statement=says.format(with_interval(estimate, unit)),
        origin="measured",
        value=estimate.value,
        unit=unit,
        low=estimate.low,
        high=estimate.high,
    )


def _frequency(analysis: Analysis) -> Finding:
    return _estimated(
        "frequency",
        "the frequency",
        "The tremor is at {}.",
        analysis.summary.frequency_hz,
        "Hz",
        analysis,
    )


def _amplitude(analysis: Analysis) -> Finding:
    return _estimated(
        "amplitude",
        "the amplitude",
        "Its RMS acceleration is {}.",
        analysis.summary.rms_ms2,
        "m/s^2",
        analysis,
    )


def _line_width(analysis: Analysis) -> Finding:
    return _estimated(
        "line_width",
        "how wide the line is",
        "At half of its power the line is {} wide.",
        analysis.summary.bandwidth_hz,
        "Hz",
        analysis,
    )


def _direction(analysis: Analysis) -> Finding:
    """State the median coherence of the windows, with its interval from order statistics."""
    coherence = np.sort(analysis.windows.coherence[np.isfinite(analysis.windows.coherence)])
    n = len(coherence)
    if not n or analysis.status != "measured":
        return not_measured(
            "direction", "along how many directions it moves", why_no_tremor(analysis)
        )
    # Windows overlap by half, so every second one is new.
    reach = _NORMAL_QUANTILE * 0.5 * math.sqrt(2.0 * n)
    low = float(coherence[max(math.floor(0.5 * n - reach), 0)])
    high = float(coherence[min(math.ceil(0.5 * n + reach), n - 1)])
    median = float(np.median(coherence))
    return Finding(
        key="direction",
        statement=f"Of its power {100 * median:.0f} % ({100 * low:.0f} to {100 * high:.0f} %) move "
        "along one direction.",
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
    what = "how steady it is"
    if not judged + pulses:
        return not_measured("pattern", what, why_no_tremor(analysis))
    if pulses >= PULSES_LEAST_WINDOWS and pulses >= PULSES_LEAST_SHARE * (judged + pulses):
        return Finding(
            key="pattern",
            statement=f"In {pulses} of {judged + pulses} windows of the still leg there was "
            "nothing but single pulses.",
            origin="measured",
            word="single pulses",
        )
    occupancy = analysis.summary.occupancy
    if analysis.status != "measured" or occupancy is None:
        return not_measured("pattern", what, why_no_tremor(analysis))
    steady = occupancy >= STEADY_OCCUPANCY
    return Finding(
        key="pattern",
        statement=f"There was tremor in {100 * occupancy:.0f} % of the still time.",
        origin="measured",
        word="steady" if steady else "on and off",
    )


def _recovery(analysis: Analysis) -> Finding:
    what = "whether it fades with rest"
    recovery = analysis.recovery
    if analysis.status != "measured" or recovery is None:
        return not_measured("recovery", what, why_no_tremor(analysis))
    if recovery.verdict not in ("decays", "persists"):
        return Finding(
            key="recovery",
            statement=f"Not determined: {what}; {'; '.join(map(_say, recovery.reason))}.",
            origin="measured",
        )
    gone, rest = recovery.fraction_gone, f"{figure(recovery.rest_s)} s of rest"
    half_life = recovery.half_life_s
    if recovery.verdict == "persists":
        most = "" if gone.high is None else f": at most {100 * gone.high:.0f} % of it went"
        return Finding(
            key="recovery",
            statement=f"It does not fade over {rest}{most}.",
            origin="measured",
            word="persists",
            value=gone.value,
            unit="1" if gone.value is not None else "",
            low=gone.low,
            high=gone.high,
        )
    text = "It fades with rest"
    if half_life.value is not None:
        text += f", by half in {with_interval(half_life, 's')}"
    if gone.value is not None:
        text += f"; after {rest} {100 * gone.value:.0f} % of it was gone"
    return Finding(
        key="recovery",
        statement=text + ".",
        origin="measured",
        word="decays",
        value=half_life.value,
        unit="s" if half_life.value is not None else "",
        low=half_life.low,
        high=half_life.high,
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
