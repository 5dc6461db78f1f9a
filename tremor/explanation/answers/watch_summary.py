"""What the summary of a sports watch answers about a run.

Only answers that the runner left open are filled in; the runner's own word wins. The file itself
is read by `tremor.formats.activity_file`; what was taken from it is listed by
`tremor.report.answer_text`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tremor.errors import ContextError, InvalidInputError
from tremor.explanation.answers.checking import checked
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import by_attribute
from tremor.formats.activity_file import RUNNING, Activity

__all__ = ["answers_from_activity", "is_run", "with_activity"]

#: Decimals that a watch deserves, by answer.
_DECIMALS: Final = {
    "distance_km": 2,
    "duration_min": 1,
    "temperature_c": 0,
    "minutes_since_stop": 1,
}


def answers_from_activity(
    activity: Activity, *, capture_started_at: datetime | None = None
) -> dict[str, float]:
    """Return the answers that an activity holds.

    Parameters
    ----------
    activity : Activity
        Summary of the watch.
    capture_started_at : datetime or None
        Start of the capture, aware; with it comes the time since the stop.

    Returns
    -------
    dict
        Answers by attribute of `Context`. Empty where the activity is another sport than running.
        What lies outside of the limits of its question is left out, and so is a stop that the
        capture does not follow within a week. A capture that starts during the run starts 0 min
        after its stop.

    Raises
    ------
    InvalidInputError
        If the start of the capture has no time zone.

    Examples
    --------
    >>> from tremor.formats.activity_file import Activity
    >>> answers_from_activity(Activity(source="a.fit", sport="running", distance_m=12034.2))
    {'distance_km': 12.03}
    """
    if not is_run(activity):
        return {}
    known = {
        "distance_km": _scaled(activity.distance_m, 1e-3),
        "duration_min": _scaled(activity.duration_s, 1.0 / 60.0),
        "temperature_c": activity.mean_temperature_c,
        "minutes_since_stop": _minutes_since_stop(activity, capture_started_at),
    }
    return {
        name: round(value, _DECIMALS[name])
        for name, value in known.items()
        if value is not None and _is_plausible(name, value)
    }


def with_activity(
    context: Context, activity: Activity, *, capture_started_at: datetime | None = None
) -> Context:
    """Fill what the runner left open with what an activity holds.

    Parameters
    ----------
    context : Context
        The runner's answers; they win.
    activity : Activity
        Summary of the watch.
    capture_started_at : datetime or None
        Start of the capture, aware.

    Returns
    -------
    Context
        The answers of both.

    Raises
    ------
    InvalidInputError
        If the start of the capture has no time zone.

    Examples
    --------
    >>> from tremor.formats.activity_file import Activity
    >>> watch = Activity(source="a.fit", sport="running", distance_m=12034.2, duration_s=3900.0)
    >>> with_activity(Context(distance_km=12), watch)
    Context(distance_km=12.0, duration_min=65.0)
    """
    answers = answers_from_activity(activity, capture_started_at=capture_started_at)
    return Context(**{**answers, **context.answered()})


def is_run(activity: Activity) -> bool:
    """Check whether an activity is a run, or does not name its sport."""
    # A file that breaks off early has lost its sport; it was named as that of a run.
    return activity.sport in (RUNNING, None)


def _is_plausible(name: str, value: float) -> bool:
    try:
        checked(by_attribute()[name], value)
    except ContextError:
        return False
    return True


def _minutes_since_stop(activity: Activity, capture_started_at: datetime | None) -> float | None:
    if capture_started_at is None or activity.stopped_at is None:
        return None
    if capture_started_at.tzinfo is None:
        raise InvalidInputError(
            f"the start of the capture, {capture_started_at.isoformat()}, has no time zone; "
            "give one, such as +01:00"
        )
    if activity.started_at is not None and capture_started_at < activity.started_at:
        return None
    return max((capture_started_at - activity.stopped_at).total_seconds() / 60.0, 0.0)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
