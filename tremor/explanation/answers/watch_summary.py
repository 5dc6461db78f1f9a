"""What the summary of a sports watch answers about a run.

Only answers that the runner left open are filled in; the runner's own word wins. The file itself
is read by `tremor.formats.activity_file`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tremor.errors import ContextError, InvalidInputError
from tremor.explanation.answers.context import Context, checked
from tremor.explanation.answers.questions import by_attribute
from tremor.formats.activity_file import RUNNING, Activity

__all__ = ["answers_from_activity", "told_of_activity", "with_activity"]

#: Decimals that a watch deserves, by answer.
_DECIMALS: Final = {
    "distance_km": 2,
    "duration_min": 1,
    "temperature_c": 0,
    "minutes_since_stop": 1,
}
_WORDS: Final = {
    "distance_km": "distance",
    "duration_min": "duration",
    "temperature_c": "temperature at the watch",
    "minutes_since_stop": "stop before the recording",
}


def answers_from_activity(
    activity: Activity, *, capture_started_at: datetime | None = None
) -> dict[str, float]:
    """Give the answers that an activity holds.

    Parameters
    ----------
    activity : Activity
        What the watch tells.
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
        Where the start of the capture has no time zone.

    Examples
    --------
    >>> from tremor.formats.activity_file import Activity
    >>> answers_from_activity(Activity(source="a.fit", sport="running", distance_m=12034.2))
    {'distance_km': 12.03}
    """
    if not _is_run(activity):
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
        What the watch tells.
    capture_started_at : datetime or None
        Start of the capture, aware.

    Returns
    -------
    Context
        The answers of both.

    Raises
    ------
    InvalidInputError
        Where the start of the capture has no time zone.

    Examples
    --------
    >>> from tremor.formats.activity_file import Activity
    >>> watch = Activity(source="a.fit", sport="running", distance_m=12034.2, duration_s=3900.0)
    >>> with_activity(Context(distance_km=12), watch)
    Context(distance_km=12.0, duration_min=65.0)
    """
    answers = answers_from_activity(activity, capture_started_at=capture_started_at)
    return Context(**{**answers, **context.answered()})


def told_of_activity(activity: Activity, answers: Mapping[str, float]) -> str:
    """Say in a line what was taken from an activity.

    Parameters
    ----------
    activity : Activity
        What the watch tells.
    answers : mapping
        The answers that were taken from it, by attribute of `Context`.

    Returns
    -------
    str
        The line, with the remarks about the file.

    Examples
    --------
    >>> from tremor.formats.activity_file import Activity
    >>> told_of_activity(Activity(source="a.fit", sport="running"), {"distance_km": 12.03})
    'from a.fit: distance 12.03 km'
    """
    if not _is_run(activity):
        taken = f"nothing, as it is no run but {str(activity.sport).replace('_', ' ')}"
    else:
        taken = ", ".join(_told(name, value) for name, value in answers.items()) or "no answer"
    parts = [f"from {activity.source}: {taken}"]
    if _is_run(activity) and activity.mean_heart_rate_bpm is not None:
        most = activity.max_heart_rate_bpm
        at_most = "" if most is None else f", {most:.0f} bpm at most"
        parts.append(
            f"heart rate, not used: {activity.mean_heart_rate_bpm:.0f} bpm in the mean{at_most}"
        )
    if activity.sport is None:
        parts.append("it does not name its sport, taken for a run")
    return "; ".join((*parts, *activity.remarks))


def _told(name: str, value: float) -> str:
    remark = " (worn on the wrist it reads too warm)" if name == "temperature_c" else ""
    return f"{_WORDS[name]} {value:g} {by_attribute()[name].unit}{remark}"


def _is_run(activity: Activity) -> bool:
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
