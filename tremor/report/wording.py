"""The sentences that text and page share. They state what is in the result and add nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from tremor.report.messages import sentence
from tremor.report.numbers import clock, number, percent, range_text, span, value_text

if TYPE_CHECKING:
    from tremor.estimate import Estimate
    from tremor.results.analysis import Analysis, RecordingFacts
    from tremor.results.recovery import Recovery
    from tremor.settings import AnalysisSettings

__all__ = [
    "PURPOSE",
    "VERDICT_WORDS",
    "Quality",
    "capture_rows",
    "episode_label",
    "headline",
    "in_short",
    "quality_of",
    "recovery_text",
    "verdict_counts",
]

PURPOSE: Final = (
    "This describes movement and weighs explanations. It cannot establish a cause or an illness, "
    "and it is not a medical device."
)

VERDICT_WORDS: Final = {
    "tremor": "tremor",
    "no_tremor": "no tremor",
    "moving": "moving",
    "gait": "walking or running",
    "impact": "impact",
    "heartbeat": "heartbeat",
    "settling": "settling",
    "gap": "samples missing",
    "clipped": "beyond the range",
    "dead": "dead axis",
}
#: A gain of the sensor that is off by more is worth a word; parts are sold with about 1 %.
_SCALE_TOLERANCE: Final = 0.02
#: Warnings that the facts of a capture tell already.
_TOLD_BY_FACTS: Final = frozenset({"GAPS", "DEAD_AXIS"})
#: Warnings that are worth a line and take nothing from the measurement.
_HARMLESS: Final = frozenset({"RATE_OFF_NOMINAL", "TIME_ZONE_UNKNOWN", "REPEATED_HEADER"})


class Quality(NamedTuple):
    """How good a capture is, in a word, and what there is to say of it, the worst first."""

    word: str
    reasons: tuple[str, ...]


def quality_of(facts: RecordingFacts, settings: AnalysisSettings) -> Quality:
    """Say how good a capture is for the settings, without looking for tremor.

    Parameters
    ----------
    facts : RecordingFacts
        The capture.
    settings : AnalysisSettings
        Band, window and clipping limit are taken from them.

    Returns
    -------
    Quality
        ``good``, ``usable`` or ``not usable``, with the reasons.
    """
    fatal: list[str] = []
    weak: list[str] = []
    nyquist_hz = facts.sampling_rate_hz / 2.0
    if nyquist_hz <= settings.band_high_hz:
        fatal.append(
            f"the Nyquist frequency is {number(nyquist_hz)} Hz and the band reaches "
            f"{number(settings.band_high_hz)} Hz; record faster"
        )
    if facts.duration_s < settings.window_s:
        fatal.append(
            f"it lasts {number(facts.duration_s)} s and one window {number(settings.window_s)} s; "
            "record longer"
        )
    if len(facts.dead_axes) == 3:
        fatal.append("no axis moves at all; look at the sensor")
    elif facts.dead_axes:
        weak.append(f"axis {' and '.join(facts.dead_axes)} does not move at all")
    if facts.gaps:
        lost_s = sum(gap.duration_s for gap in facts.gaps)
        reason = f"{_count(len(facts.gaps), 'gap')}, {number(lost_s)} s in all"
        (fatal if lost_s > 0.5 * facts.duration_s else weak).append(reason)
    if facts.clipped_fraction > 0.0:
        reason = f"{percent(facts.clipped_fraction)} of the samples are at the rail of the sensor"
        (fatal if facts.clipped_fraction > 0.5 else weak).append(reason)
    if abs(facts.scale_correction - 1.0) > _SCALE_TOLERANCE:
        weak.append(f"the scale was corrected by a factor of {facts.scale_correction:.3f}")
    remarks: list[str] = []
    for one in facts.warnings:
        if one.code not in _TOLD_BY_FACTS:
            (remarks if one.code in _HARMLESS else weak).append(sentence(one))
    word = "not usable" if fatal else "usable" if weak else "good"
    return Quality(word, tuple(fatal + weak + remarks))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def headline(analysis: Analysis) -> str:
    """Give the finding in one line."""
    summary = analysis.summary
    if analysis.status == "insufficient":
        why = summary.reason.removeprefix("cannot tell: ").rstrip(".")
        return f"Cannot tell: {why or 'there is too little still time'}."
    if not summary.tremor_detected:
        return f"No tremor found in {span(summary.still_s)} of still time."
    share = "" if summary.occupancy is None else f" ({percent(summary.occupancy)})"
    frequency = summary.frequency_hz
    at = f" at {value_text(frequency, 'Hz')}" if frequency.value is not None else ""
    shaking, still = span(summary.tremor_s, of_s=summary.still_s), span(summary.still_s)
    return f"Tremor{at}, in {shaking} of {still} of still time{share}."


def recovery_text(recovery: Recovery) -> str:
    """Say how the tremor fades with rest, in a few sentences."""
    said = _VERDICTS[recovery.verdict](recovery)
    return f"{said} {_sentence(recovery.remark)}" if recovery.remark else said


def _decays(recovery: Recovery) -> str:
    half_life, gone = recovery.half_life_s, recovery.fraction_gone
    if half_life.value is not None:
        text = f"It fades with rest: the part that fades halves in {_interval(half_life, 's')}."
    else:
        text = f"It fades with rest, but {half_life.reason}."
    if gone.value is not None and gone.low is not None and gone.high is not None:
        text += (
            f" After {clock(recovery.rest_s)} of rest {percent(gone.value)} of it was gone "
            f"({percent(gone.low)} to {percent(gone.high)})."
        )
    return text


_VERDICTS: Final[dict[str, Callable[[Recovery], str]]] = {
    "decays": _decays,
    "persists": lambda recovery: f"It does not fade: {recovery.reason}.",
    "not_determined": lambda recovery: (
        f"Whether it fades with rest is not determined: {recovery.reason}."
    ),
    "insufficient": lambda recovery: (
        f"Whether it fades with rest cannot be told: {recovery.reason}."
    ),
}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _interval(estimate: Estimate, unit: str) -> str:
    return f"{value_text(estimate, unit)} {range_text(estimate)}".rstrip()


def in_short(analysis: Analysis) -> tuple[str, ...]:
    """Give the finding in a few sentences."""
    summary = analysis.summary
    sentences = [headline(analysis)]
    rms, displacement = summary.rms_ms2, summary.displacement_pp_mm
    if rms.value is not None:
        size = f"Its RMS acceleration is {value_text(rms, 'm/s^2')} {range_text(rms)}".rstrip()
        if displacement.value is not None:
            size += f", about {value_text(displacement, 'mm')} from peak to peak"
        sentences.append(size + ".")
    if analysis.recovery is not None and analysis.status == "measured":
        sentences.append(recovery_text(analysis.recovery))
    if summary.reason and analysis.status == "measured":
        sentences.append(f"{summary.reason[:1].upper()}{summary.reason[1:].rstrip('.')}.")
    quality = quality_of(analysis.recording, analysis.settings)
    if quality.word == "good":
        sentences.append("The capture is good.")
    else:
        sentences.append(f"The capture is {quality.word}: {quality.reasons[0]}.")
    return tuple(sentences)


def verdict_counts(analysis: Analysis) -> tuple[tuple[str, int], ...]:
    """Count the windows of each verdict, in the order of judging; only those that occur."""
    counts = Counter(analysis.windows.verdict.tolist())
    return tuple((verdict, counts[verdict]) for verdict in VERDICT_WORDS if counts[verdict])


def episode_label(index: int, start_s: float, end_s: float) -> str:
    """Name an episode by its place and its time."""
    return f"{index}. {clock(start_s)} to {clock(end_s)}"


def capture_rows(facts: RecordingFacts, *, source_format: str) -> tuple[tuple[str, str], ...]:
    """Give the facts of a capture as name and text."""
    rate = f"{facts.sampling_rate_hz:.3f} Hz"
    if facts.sampling_rate_sd_hz is not None:
        rate += f" (standard deviation {facts.sampling_rate_sd_hz:.2g} Hz)"
    if facts.nominal_sampling_rate_hz is not None:
        rate += f", nominal {facts.nominal_sampling_rate_hz:g} Hz"
    if facts.gaps:
        lost = sum(gap.n_lost for gap in facts.gaps)
        seconds = number(sum(gap.duration_s for gap in facts.gaps))
        gaps = f"{len(facts.gaps)}, {_count(lost, 'sample')} or {seconds} s in all"
    else:
        gaps = "none"
    scale = f"{facts.scale_correction:.4f}" if facts.scale_correction != 1.0 else "none"
    return (
        ("Format", source_format or "arrays"),
        ("Started", facts.started_at or "not known"),
        ("Duration", f"{number(facts.duration_s, 1)} s, {_count(facts.n_samples, 'sample')}"),
        ("Sampling rate", rate),
        ("Unit", facts.unit_in),
        ("Gravity", facts.gravity),
        ("Scale correction", scale),
        ("Gaps", gaps),
        ("Clipped", percent(facts.clipped_fraction)),
        ("Dead axes", " ".join(facts.dead_axes) or "none"),
        ("Sensor", facts.sensor or "not known"),
        ("Placement", facts.placement or "not known"),
    )
