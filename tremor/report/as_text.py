"""The result as text of 80 columns; the sentences on it are made in `tremor.report.view`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tremor.analysis.quality import Quality, quality_of
from tremor.report import explanation_text, plain, view
from tremor.report.explanation_text import label
from tremor.report.layout import columns, in_ascii, wrapped
from tremor.report.messages import brief, sentence, text
from tremor.report.numbers import clock, number, value_text
from tremor.report.seen import is_rest_enough, rest_text
from tremor.report.sparkline import sparkline
from tremor.results.estimates import BY_RANK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tremor.recording import CaptureInfo
    from tremor.results.analysis import Analysis
    from tremor.results.explanations import Evidence, Explanation
    from tremor.results.windows import WindowTable

__all__ = [
    "explanation_lines",
    "render",
    "render_check",
    "render_explanations",
    "render_screen",
    "short",
]

_MOST_ROWS: Final = 10
_MOST_MISSING: Final = 4
#: Least width of the column of names; longer names of a language make it wider.
_NAME_WIDTH: Final = 28
#: So many estimates of an episode fit into 80 columns.
_ESTIMATES_OF_EPISODE: Final = 3


def render(analysis: Analysis, *, unicode: bool = True) -> str:
    """Render the summary of an analysis as text.

    Parameters
    ----------
    analysis : Analysis
        The result.
    unicode : bool
        Whether the terminal shows more than ASCII; without it the sparkline is left out.

    Returns
    -------
    str
        Lines of at most 80 columns, unless a file name is longer.
    """
    lines = [*_warning_signs(analysis), view.name_of_source(analysis), ""]
    lines += wrapped(view.headline(analysis))
    strength = view.strength_text(analysis, half_life=True)
    lines += wrapped(strength) if strength else []
    lines.append("")
    for caution in view.caution_texts(analysis):
        lines += [*_fact("cautions", caution), ""]
    if analysis.status == "measured":
        lines += [*_key_numbers(analysis), ""]
        if unicode:
            lines += [*_sparkline(analysis), ""]
        lines += [*_episodes(analysis), ""]
        if analysis.recovery is not None:
            lines += _fact("recovery", view.recovery_text(analysis.recovery))
    beyond = view.beyond_text(analysis)
    if beyond:
        lines += _fact("beyond_band", beyond)
    counts = view.verdict_counts(analysis)
    lines += _fact(
        "windows",
        ", ".join(f"{n} {view.verdict_word(verdict)}" for verdict, n in counts)
        or text("text", "no_windows"),
    )
    facts = analysis.recording
    lines += _fact(
        "capture",
        text(
            "text",
            "capture_facts",
            duration_s=number(facts.duration_s, 1),
            rate_hz=facts.sampling_rate_hz,
            unit=facts.unit_in,
            gravity=facts.gravity,
        ),
    )
    quality = quality_of(facts, analysis.settings, analysis.cautions)
    lines += _fact("quality", view.quality_word(analysis, quality))
    for reason in quality.reasons:
        lines += wrapped(f"- {sentence(reason)}", indent=12, hang=2)
    lines += [*decision_lines(facts), ""]
    if analysis.status == "measured":
        lines += [*wrapped(text("text", "legend")), "", *wrapped(plain.scale_sentence()), ""]
    if analysis.explanations:
        lines += [*explanation_lines(analysis), ""]
    lines += wrapped(view.purpose())
    return _text(lines, unicode=unicode)


def render_screen(analysis: Analysis, *, unicode: bool = True, has_page: bool = False) -> str:
    """Render what a runner should know, on one screen of 80 x 24.

    Parameters
    ----------
    analysis : Analysis
        The result.
    unicode : bool
        As for `render`.
    has_page : bool
        Whether the page was written, so that nothing need be said of how to get it.

    Returns
    -------
    str
        What was found, what fits best, what to do, and when to get help; `render` has the rest.
    """
    lines = [*_warning_signs(analysis), view.name_of_source(analysis), ""]
    lines += wrapped(" ".join(plain.sentences_of(analysis)))
    if analysis.status == "measured" and unicode:
        lines += ["", *_sparkline(analysis)]
    cautions = view.caution_texts(analysis)
    for caution in cautions[:1]:
        lines += ["", *wrapped(text("plain", "caution", caution=caution))]
    said = plain.explanation_sentence(analysis)
    if said == text("plain", "fits_unknown"):
        said = f"{said} {text('plain', 'how_to_answer')}"
    told = (
        said,
        plain.next_step(analysis),
        plain.quality_sentence(analysis),
    )
    lines.append("")
    for paragraph in filter(None, told):
        lines += wrapped(paragraph, hang=2)
    _, signs = explanation_text.help_list()[0]
    lines += wrapped(text("plain", "help", signs=", ".join(signs)), hang=2)
    more = text("plain", "more" if has_page else "more_page")
    lines += [*wrapped(more), *wrapped(view.purpose())]
    return _text(lines, unicode=unicode)


def render_explanations(analysis: Analysis, *, unicode: bool = True) -> str:
    """Render the explanations of an analysis as text, without the numbers of the measurement.

    Parameters
    ----------
    analysis : Analysis
        With explanations.
    unicode : bool
        As for `render`.

    Returns
    -------
    str
        Lines of at most 80 columns, unless a file name is longer.
    """
    lines = [
        *_warning_signs(analysis),
        view.name_of_source(analysis),
        "",
        *wrapped(view.headline(analysis)),
        "",
        *explanation_lines(analysis),
        "",
        *wrapped(view.purpose()),
    ]
    return _text(lines, unicode=unicode)


def _text(lines: Sequence[str], *, unicode: bool) -> str:
    text = "\n".join(lines) + "\n"
    return text if unicode else in_ascii(text)


def explanation_lines(analysis: Analysis) -> list[str]:
    """Return the explanations, with evidence for and against and what is missing, and the advice.

    Parameters
    ----------
    analysis : Analysis
        With explanations.

    Returns
    -------
    list of str
        Lines of at most 80 columns.
    """
    answered = explanation_text.is_answered(analysis)
    lines = [label("title"), *wrapped(explanation_text.preface(analysis), indent=2), ""]
    for one in analysis.explanations:
        head = f"{explanation_text.name_of(one.id)}: {explanation_text.support_text(one)}"
        lines += wrapped(head, indent=2)
        lines += wrapped(explanation_text.first_line(one.id), indent=4)
        if answered or one.word != "cannot tell":
            for direction in ("for", "against"):
                lines += _evidence(direction, one.pointing(direction), always=answered)
            lines += _evidence("not_counted", one.not_counted(), always=False)
        lines += [*_missing(one), ""] if answered else []
    lines += _leaders(analysis) if answered else wrapped(label("how_to_answer"), indent=2)
    lines += ["", *_changes(analysis), ""]
    if answered or analysis.warning_signs:
        lines.append(label("what_you_can_do"))
        for advice in analysis.advice:
            ground = " ".join(advice.claims) or explanation_text.grade_text(advice.grade)
            if advice.disputed:
                ground = f"{ground}, {label('disputed')}"
            told = " ".join(map(sentence, (advice.text, *advice.disputed)))
            lines += wrapped(f"- {told} [{ground}]", indent=2, hang=2)
        lines.append("")
    lines.append(label("help_title"))
    for urgency, names in explanation_text.help_list():
        lines += wrapped(f"{urgency:<9}{', '.join(names)}", indent=2, hang=9)
    return lines


def _leaders(analysis: Analysis) -> list[str]:
    sensitivity = analysis.sensitivity
    if sensitivity is None:
        return []
    return [
        line
        for paragraph in (
            explanation_text.leaders_text(analysis),
            explanation_text.redraws_text(sensitivity),
            explanation_text.limits_text(sensitivity),
        )
        if paragraph
        for line in wrapped(paragraph, indent=2)
    ]


def _changes(analysis: Analysis) -> list[str]:
    sensitivity = analysis.sensitivity
    if sensitivity is None:
        return []
    lines = [label("changes_title")]
    for change in explanation_text.changes_texts(sensitivity):
        lines += wrapped(f"- {change}", indent=2, hang=2)
    return lines


def _warning_signs(analysis: Analysis) -> list[str]:
    if not analysis.warning_signs:
        return []
    lines = wrapped(f"{label('get_help_loudly')} {label('help_first')}")
    for sign in analysis.warning_signs:
        lines += wrapped(
            f"{explanation_text.urgency_text(sign):<9}{sentence(sign.statement)}", indent=2, hang=9
        )
    return [*lines, ""]


def _evidence(heading: str, found: Sequence[Evidence], *, always: bool) -> list[str]:
    lines = []
    for index, one in enumerate(found):
        head = label(heading) if index == 0 else ""
        text = f"{head:<9}{sentence(one.statement)} [{explanation_text.ground_text(one)}]"
        lines += wrapped(text, indent=4, hang=9)
    if always and not lines:
        return wrapped(f"{label(heading):<9}{label('nothing_known')}", indent=4)
    return lines


def _missing(explanation: Explanation) -> list[str]:
    found = [brief(one.statement) for one in explanation.missing]
    shown, hidden = found[:_MOST_MISSING], len(found) - _MOST_MISSING
    more = [label("n_more", n=hidden)] if hidden > 0 else []
    listed = "; ".join([*shown, *more]) or label("nothing_missing")
    return wrapped(f"{label('missing'):<9}{listed}", indent=4, hang=9)


def render_check(
    name: str, facts: CaptureInfo, quality: Quality, *, windows: WindowTable, source_format: str
) -> str:
    """Render the quality of a capture as text.

    Parameters
    ----------
    name : str
        File name of the capture.
    facts : CaptureInfo
        The capture.
    quality : Quality
        The word and its reasons.
    windows : WindowTable
        The windows of the capture, judged.
    source_format : str
        Slug of the format.

    Returns
    -------
    str
        Lines of at most 80 columns, unless a file name is longer.
    """
    word = text("quality", quality.level)
    if quality.level != "not usable" and not is_rest_enough(windows):
        word = text("quality", "little_rest", word=word)
    lines = [f"{name}: {word}"]
    for reason in quality.reasons:
        lines += wrapped(f"- {sentence(reason)}", indent=2, hang=2)
    lines += [*wrapped(rest_text(windows, duration_s=facts.recorded_s)), ""]
    for row, value in view.capture_rows(facts, source_format=source_format):
        lines += wrapped(f"{row:<18}{value}", indent=2, hang=18)
        if row == text("capture", "gaps"):
            lines += _gaps(facts)
    lines += decision_lines(facts)
    if facts.history:
        lines += ["", f"  {text('text', 'history')}"]
        for step in facts.history:
            lines += wrapped(f"- {step}", indent=2, hang=2)
    return "\n".join(lines) + "\n"


def decision_lines(facts: CaptureInfo) -> list[str]:
    """Return what was decided while a capture was read, below a title; none without decisions."""
    if not facts.decisions:
        return []
    lines = ["", f"  {text('decision', 'title')}"]
    for name, said in view.decision_rows(facts):
        lines += wrapped(f"{name:<16}{said}", indent=2, hang=16)
    return lines


def _gaps(facts: CaptureInfo) -> list[str]:
    gaps = [
        text(
            "text",
            "gap",
            at=clock(gap.start_s),
            duration_s=number(gap.duration_s),
            n_lost=gap.n_lost,
        )
        for gap in facts.gaps[:_MOST_ROWS]
    ]
    return [f"{'':<20}{gap}" for gap in gaps] + _more(len(facts.gaps))


def _fact(name: str, value: str) -> list[str]:
    return wrapped(f"{text('text', name):<12}{value}", hang=12)


def _more(n: int) -> list[str]:
    hidden = n - _MOST_ROWS
    return [f"  {text('text', 'more_rows', n=hidden)}"] if hidden > 0 else []


def _key_numbers(analysis: Analysis) -> list[str]:
    found = view.key_numbers(analysis)
    width = max(_NAME_WIDTH, *(len(one.name) + 2 for one in found))
    lines = []
    for one in found:
        value = value_text(one.estimate, one.unit)
        if value:
            limits = view.range_text(one.estimate)
            lines.append(f"  {one.name:<{width}}{value:<14} {limits}".rstrip())
        else:
            no_value = text("text", "no_value", why=view.reason_text(one.estimate))
            lines += wrapped(f"{one.name:<{width}}{no_value}", indent=2, hang=width)
    return lines


def _episodes(analysis: Analysis) -> list[str]:
    lines = []
    for index, episode in enumerate(analysis.episodes[:_MOST_ROWS], start=1):
        name = view.episode_label(index, episode.start_s, episode.end_s)
        numbers = "".join(
            f"{value_text(getattr(episode, entry.name), entry.unit) or '-':<15}"
            for entry in BY_RANK[:_ESTIMATES_OF_EPISODE]
        )
        lines.append(f"  {name:<26}{numbers}".rstrip())
    return [text("text", "episodes"), *lines, *_more(len(analysis.episodes))]


def _sparkline(analysis: Analysis) -> list[str]:
    """Draw the RMS over time, below a line with its times and its scale."""
    table = analysis.windows
    rms_ms2 = table.estimates["rms_ms2"][:, 0].tolist()
    marks = sparkline(rms_ms2, width=columns() - 4)
    if not marks:
        return []
    top = max(value for value in rms_ms2 if value == value)
    title = text(
        "text",
        "sparkline",
        start=clock(float(table.start_s[0])),
        end=clock(float(table.end_s[-1])),
        bottom_ms2=0,
        top_ms2=number(top),
    )
    return [title, f"  {marks}"]


def short(analysis: Analysis) -> str:
    """Render the result in a few lines of at most 80 columns, for the prompt of an interpreter."""
    name, duration_s = view.name_of_source(analysis), analysis.recording.duration_s
    lines = [text("text", "short_title", name=name, duration_s=duration_s)]
    for paragraph in view.key_sentences(analysis):
        lines += wrapped(paragraph, indent=2)
    return "\n".join(lines)
