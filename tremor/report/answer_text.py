"""The answers of a runner and of a sports watch as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tremor.explanation.answers.questions import by_attribute
from tremor.explanation.answers.watch_summary import is_run
from tremor.report.messages import text

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.question_schema import Question
    from tremor.formats.activity_file import Activity

__all__ = ["activity_text", "answer_text", "choice_text"]

_SECTION: Final = "answer_text"
_HOUR_MIN: Final = 60.0


def answer_text(question: Question, answer: Answer) -> str:
    """Format an answer as people read it.

    Parameters
    ----------
    question : Question
        What was asked.
    answer : float, str, bool, tuple of str or None
        The answer.

    Returns
    -------
    str
        With the unit; "not answered" for None.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> answer_text(by_attribute()["distance_km"], 12.0), answer_text(by_attribute()["signs"], ())
    ('12 km', 'none')
    >>> answer_text(by_attribute()["duration_min"], 65.0)
    '1 h 5 min'
    """
    if answer is None:
        return text(_SECTION, "not_answered")
    if isinstance(answer, bool):
        return text(_SECTION, "yes" if answer else "no")
    if isinstance(answer, tuple):
        return ", ".join(choice_text(question, one) for one in answer) or text(_SECTION, "none")
    if isinstance(answer, str):
        return choice_text(question, answer)
    if question.unit == "min" and answer >= _HOUR_MIN:
        hours, minutes = divmod(answer, _HOUR_MIN)
        return f"{hours:.0f} h" + (f" {minutes:g} min" if minutes else "")
    if question.unit:
        return f"{answer:g} {question.unit}"
    return text(_SECTION, "on_scale", number=answer, highest=question.highest)


def choice_text(question: Question, choice: str) -> str:
    """Return a word of an answer as people read and type it.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> choice_text(by_attribute()["signs"], "one_sided_weakness")
    'one-sided weakness'
    """
    return text("choice", f"{question.attribute}.{choice}")


def activity_text(activity: Activity, answers: Mapping[str, float]) -> str:
    """Return a line on what was taken from an activity.

    Parameters
    ----------
    activity : Activity
        Summary of the watch.
    answers : mapping
        The answers that were taken from it, by attribute of `Context`.

    Returns
    -------
    str
        The line, with the remarks about the file.

    Examples
    --------
    >>> from tremor.formats.activity_file import Activity
    >>> activity_text(Activity(source="a.fit", sport="running"), {"distance_km": 12.03})
    'from a.fit: distance 12.03 km'
    """
    if is_run(activity):
        questions = by_attribute()
        listed = [
            text(_SECTION, f"from_watch.{name}", number=value, unit=questions[name].unit)
            for name, value in answers.items()
        ]
        taken = ", ".join(listed) or text(_SECTION, "nothing_taken")
    else:
        taken = text(_SECTION, "no_run", sport=str(activity.sport).replace("_", " "))
    parts = [text(_SECTION, "source", source=activity.source, taken=taken)]
    mean, highest = activity.mean_heart_rate_bpm, activity.max_heart_rate_bpm
    if is_run(activity) and mean is not None:
        name = "heart_rate_mean" if highest is None else "heart_rate"
        parts.append(text(_SECTION, name, mean_bpm=mean, highest_bpm=highest))
    if activity.sport is None:
        parts.append(text(_SECTION, "sport_unknown"))
    return "; ".join((*parts, *activity.remarks))
