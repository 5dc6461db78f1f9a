"""The summary of a run from the activity file of a sports watch (FIT, the format of Garmin).

Only sport, times, distance, heart rate and temperature are read. Positions are never requested from
the file, so that none can leave this module. Which questions the summary answers is decided by
`tremor.explanation.answers.watch_summary`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tremor.errors import ActivityReadError
from tremor.files import require_regular

if TYPE_CHECKING:
    from fitdecode.records import FitDataMessage

__all__ = ["Activity", "read_activity"]

RUNNING: Final = "running"
#: The only fields that are read, by message; none is a position.
_FIELDS: Final = {
    "session": (
        "sport",
        "start_time",
        "timestamp",
        "total_elapsed_time",
        "total_timer_time",
        "total_distance",
        "avg_heart_rate",
        "max_heart_rate",
        "avg_temperature",
        "max_temperature",
    ),
    "sport": ("sport",),
    "event": ("event", "event_type", "timestamp"),
    "record": ("timestamp", "distance", "heart_rate", "temperature"),
}
_STOPS: Final = frozenset({"stop", "stop_all", "stop_disable", "stop_disable_all"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Summary of one activity; None for what the file does not hold.

    Parameters
    ----------
    source : str
        Name of the file, without its folder.
    sport : str or None
        Name of the sport in FIT, such as ``running``.
    started_at, stopped_at : datetime or None
        First start and last stop of the timer, with time zone.
    duration_s : float or None
        Time that the timer ran, without pauses, s.
    distance_m : float or None
        Distance, m.
    mean_heart_rate_bpm, max_heart_rate_bpm : float or None
        Heart rate, 1/min.
    mean_temperature_c, max_temperature_c : float or None
        Temperature at the watch, degree C; on a wrist it lies between skin and air.
    remarks : tuple of str
        Defects of the file, and choices among several sessions.
    """

    source: str
    sport: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    duration_s: float | None = None
    distance_m: float | None = None
    mean_heart_rate_bpm: float | None = None
    max_heart_rate_bpm: float | None = None
    mean_temperature_c: float | None = None
    max_temperature_c: float | None = None
    remarks: tuple[str, ...] = ()


def read_activity(path: str | Path) -> Activity:
    """Read the summary of an activity.

    Parameters
    ----------
    path : path
        FIT file of a sports watch.

    Returns
    -------
    Activity
        The summary. A truncated file is read as far as possible, with a remark.

    Raises
    ------
    ActivityReadError
        If the file cannot be read, is not a FIT file, or holds no activity.

    Notes
    -----
    The watch writes a summary, the session, when the activity ends. If it is missing, the samples
    are summarised. Of several sessions the last run is taken. The activity stops at the last stop
    of the timer; a session among several ends after its own duration.
    """
    path = Path(path)
    messages = _Messages()
    try:
        require_regular(path)
        with path.open("rb") as file:
            _collect(file, messages)
    except OSError as error:
        raise ActivityReadError(
            f"{path} cannot be read: {error.strerror or error}; check the path"
        ) from error
    except _NotFitError as error:
        raise ActivityReadError(
            f"{path} is not a FIT file; export the activity in FIT form from the watch"
        ) from error
    if messages.sessions:
        return _from_session(path.name, messages)
    if messages.n_records:
        return _from_records(path.name, messages)
    broken = f" ({messages.remarks[0]})" if messages.remarks else ""
    raise ActivityReadError(
        f"{path} is a FIT file without an activity{broken}; give the file of a run"
    )


class _NotFitError(Exception):
    """The file does not begin like FIT."""


@dataclass
class _Series:
    """Running mean and maximum of one field of the samples."""

    n: int = 0
    total: float = 0.0
    largest: float = -math.inf

    def take(self, value: float | None) -> None:
        if value is not None:
            self.n, self.total, self.largest = (
                self.n + 1,
                self.total + value,
                max(self.largest, value),
            )

    @property
    def mean(self) -> float | None:
        return self.total / self.n if self.n else None

    @property
    def maximum(self) -> float | None:
        return self.largest if self.n else None


@dataclass
class _Messages:
    """Messages of a file, as they are read."""

    sessions: list[dict[str, object]] = field(default_factory=list)
    sport: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    last_stop: datetime | None = None
    n_records: int = 0
    distance_m: _Series = field(default_factory=_Series)
    heart_rate_bpm: _Series = field(default_factory=_Series)
    temperature_c: _Series = field(default_factory=_Series)
    remarks: list[str] = field(default_factory=list)


def _collect(file: object, messages: _Messages) -> None:
    import fitdecode

    started = False
    try:
        with fitdecode.FitReader(
            file,
            check_crc=fitdecode.CrcCheck.READONLY,
            error_handling=fitdecode.ErrorHandling.IGNORE,
        ) as reader:
            for frame in reader:
                started = True
                if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                    _add(frame, messages)
                elif frame.frame_type == fitdecode.FIT_FRAME_CRC and not frame.matched:
                    messages.remarks.append("its checksum does not match: parts may be wrong")
    except OSError:
        raise
    except Exception as error:  # damaged bytes raise any kind of error in the decoder
        if not started:
            raise _NotFitError from error
        messages.remarks.append("it breaks off or is damaged; what stands before is taken")
    if not started:
        raise _NotFitError


def _add(frame: FitDataMessage, messages: _Messages) -> None:
    add = _ADDERS.get(frame.name)
    if add is not None:
        add({name: frame.get_value(name, fallback=None) for name in _FIELDS[frame.name]}, messages)


def _add_session(values: dict[str, object], messages: _Messages) -> None:
    messages.sessions.append(values)


def _add_sport(values: dict[str, object], messages: _Messages) -> None:
    messages.sport = _text(values["sport"]) or messages.sport


def _add_event(values: dict[str, object], messages: _Messages) -> None:
    moment = _moment(values["timestamp"])
    if values["event"] == "timer" and values["event_type"] in _STOPS and moment is not None:
        messages.last_stop = moment


def _add_record(values: dict[str, object], messages: _Messages) -> None:
    moment = _moment(values["timestamp"])
    if moment is None:
        return
    messages.n_records += 1
    messages.first = moment if messages.first is None else messages.first
    messages.last = moment
    messages.distance_m.take(_number(values["distance"]))
    messages.heart_rate_bpm.take(_number(values["heart_rate"]))
    messages.temperature_c.take(_number(values["temperature"]))


_ADDERS: Final[dict[str, Callable[[dict[str, object], _Messages], None]]] = {
    "session": _add_session,
    "sport": _add_sport,
    "event": _add_event,
    "record": _add_record,
}


def _from_session(source: str, messages: _Messages) -> Activity:
    sessions, remarks = messages.sessions, list(messages.remarks)
    runs = [session for session in sessions if session["sport"] == RUNNING]
    session = (runs or sessions)[-1]
    several = len(sessions) > 1
    if several:
        remarks.append(f"of {len(sessions)} sessions the last {'run ' if runs else ''}is taken")
    started_at = _moment(session["start_time"]) or (None if several else messages.first)
    elapsed_s, timer_s = (
        _number(session["total_elapsed_time"]),
        _number(session["total_timer_time"]),
    )
    ends = _ends(started_at, elapsed_s, session)
    if not several:
        ends = iter((messages.last_stop, *ends, messages.last))
    use_samples = not several  # samples do not say to which session they belong

    def value(name: str, series: float | None) -> float | None:
        summary = _number(session[name])
        return summary if summary is not None or not use_samples else series

    # One argument for each fact that the file may hold.
    return Activity(
        source=source,
        sport=_text(session["sport"]) or messages.sport,
        started_at=started_at,
        stopped_at=next(filter(None, ends), None),
        duration_s=timer_s if timer_s is not None else elapsed_s,
        distance_m=value("total_distance", messages.distance_m.maximum),
        mean_heart_rate_bpm=value("avg_heart_rate", messages.heart_rate_bpm.mean),
        max_heart_rate_bpm=value("max_heart_rate", messages.heart_rate_bpm.maximum),
        mean_temperature_c=value("avg_temperature", messages.temperature_c.mean),
        max_temperature_c=value("max_temperature", messages.temperature_c.maximum),
        remarks=tuple(remarks),
    )


def _ends(
    started_at: datetime | None, elapsed_s: float | None, session: dict[str, object]
) -> Iterator[datetime | None]:
    if started_at is not None and elapsed_s is not None:
        yield started_at + timedelta(seconds=elapsed_s)
    yield _moment(session["timestamp"])


def _from_records(source: str, messages: _Messages) -> Activity:
    duration_s = None
    if messages.first is not None and messages.last is not None:
        duration_s = (messages.last - messages.first).total_seconds()
    # One argument for each fact that the file may hold.
    return Activity(
        source=source,
        sport=messages.sport,
        started_at=messages.first,
        stopped_at=messages.last_stop or messages.last,
        duration_s=duration_s,
        distance_m=messages.distance_m.maximum,
        mean_heart_rate_bpm=messages.heart_rate_bpm.mean,
        max_heart_rate_bpm=messages.heart_rate_bpm.maximum,
        mean_temperature_c=messages.temperature_c.mean,
        max_temperature_c=messages.temperature_c.maximum,
        remarks=(
            *messages.remarks,
            "it holds no summary: this is the sum of its samples, pauses included",
        ),
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
