"""The remote interface of phyphox on a phone, polled over HTTP.

The protocol is documented by its makers at phyphox.org/wiki, "Remote-interface communication".
Bodies of answers in, samples out; requests are made in `devices.network`.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from devices.decoding.stamped_rows import Row, StampedRows, measured_rate_hz
from devices.profile import (
    LOSS_BY_TIME_STAMPS,
    Conversation,
    Pause,
    Read,
    SensorProfile,
    Started,
    Step,
    StopConversation,
    StreamSettings,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError
from tremor.units import STANDARD_GRAVITY_MS2

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["DATA", "PROFILE", "TIME", "Answer", "Poll", "read_answer", "read_time"]

#: Paths of the answers that hold samples, and the moments of start and pause.
DATA: Final = "/get"
TIME: Final = "/time"
_CONFIG, _META = "/config", "/meta"
_START, _STOP = "/control?cmd=start", "/control?cmd=stop"

#: Sources of acceleration, and whether gravity is in them; the first that there is counts.
_SOURCES: Final = MappingProxyType({"accelerometer": True, "linear_acceleration": False})
#: Buffers x, y, z, t of the experiment "Acceleration (with g)", where inputs are not told.
_USUAL_BUFFERS: Final = ("accX", "accY", "accZ", "acc_time")
#: Numbers are sent with 8 digits.
_DIGITS: Final = 8
#: The threshold is set back by this many units of the last digit. phyphox itself sets it forward
#: by one, and the row that is asked for again shows that the buffers were not cleared meanwhile.
_OVERLAP: Final = 3
#: No clock of a phone is later, s since 1970: the year 5138.
_LATEST_S: Final = 1e11
#: If the newest sample is so much further behind than before, there may have been a pause, s.
_STOOD_S: Final = 0.3
_WAIT_S: Final = 0.5
#: How often it is looked for samples at the start: 10 s, or 2 min where the runner starts it.
_TRIES: Final = 20
_TRIES_BY_HAND: Final = 240

#: Other sources that are named, and the longest part of a name.
_MOST_OTHERS: Final = 6
_LONGEST_NAME: Final = 30

_STARTS: Final = ("auto", "yes", "no")
_NO_GRAVITY: Final = (
    "it sends acceleration without gravity; the experiment 'Acceleration (with g)' has it"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What phyphox answers to ``/get``.

    Parameters
    ----------
    session : str
        Identifies the measurement; what was read of another one is void.
    is_measuring : bool
        Whether it measures; false during a pause.
    is_full : bool
        Whether the buffers were sent from their beginning.
    rows : tuple of Row
        Rows that are complete, in order of time.
    newest_s : float or None
        Last time of the buffer, whether its row is complete or not, s; None if it is empty.
    """

    session: str
    is_measuring: bool
    is_full: bool
    rows: tuple[Row, ...]
    newest_s: float | None


def _parsed(body: bytes, what: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PacketError(f"{what} came that is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise PacketError(f"{what} came that is no JSON object")
    return document


def read_answer(body: bytes, buffers: Sequence[str]) -> Answer:
    """Read an answer to ``/get``.

    Parameters
    ----------
    body : bytes
        As received.
    buffers : sequence of str
        Names of the buffers x, y, z and t.

    Returns
    -------
    Answer
        Where one buffer is longer than another, the rows that all of them have.

    Raises
    ------
    PacketError
        If it is no such answer.
    """
    document = _parsed(body, "an answer")
    try:
        status, contents = document["status"], document["buffer"]
        columns = [contents.get(name, {}).get("buffer", []) for name in buffers]
        modes = {contents[name]["updateMode"] for name in buffers if name in contents}
        times = [one for one in columns[3] if _is_number(one)]
        # They were read one after the other while samples came in, so they end unequally.
        rows = [
            Row(float(t), (_number(x), _number(y), _number(z)))
            for x, y, z, t in zip(*columns, strict=False)
            if _is_number(t)
        ]
        session, is_measuring = str(status["session"]), bool(status["measuring"])
    except (AttributeError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise PacketError(f"an answer came without what belongs in it: {error}") from error
    newest_s = float(times[-1]) if times else None
    return Answer(session, is_measuring, modes == {"full"}, tuple(rows), newest_s)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def read_time(body: bytes) -> tuple[tuple[float, float], ...]:
    """Read an answer to ``/time``.

    Parameters
    ----------
    body : bytes
        As received.

    Returns
    -------
    tuple of (float, float)
        Time of the experiment and of the phone, s, at each start since the buffers were cleared.

    Raises
    ------
    PacketError
        If it is no such answer.
    """
    starts: list[tuple[float, float]] = []
    try:
        for event in json.loads(body):
            if event["event"] == "CLEAR":
                starts = []
            elif event["event"] == "START":
                starts.append(
                    (float(event["experimentTime"]), _seconds(float(event["systemTime"])))
                )
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise PacketError(f"no list of times came: {error}") from error
    if not all(math.isfinite(one) for start in starts for one in start):
        raise PacketError("a time came that is no number")
    return tuple(sorted(starts))


def _seconds(time: float) -> float:
    """Return a time of the phone in s; one in ms cannot be meant otherwise."""
    return time / 1000.0 if time > _LATEST_S else time


class Poll:
    """What to ask phyphox for next, by what it answered so far.

    Parameters
    ----------
    settings : StreamSettings
        Granted settings.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._buffers = _buffers_of(settings)
        self._session: str | None = None
        self._was_measuring = True
        self._last_s: float | None = None
        self._has_begun = False
        #: By how much the newest sample is behind the clock of the host, s, apart from a constant.
        self._least_behind_s = -math.inf

    def path(self) -> str:
        """Return the path of the next request: first the newest time, then what came since."""
        *axes, time = self._buffers
        if not self._has_begun:
            return self.newest_path
        if self._last_s is None:
            return f"{DATA}?" + "&".join(f"{name}=full" for name in self._buffers)
        since = f"{_threshold_s(self._last_s):.9f}"
        parts = [f"{time}={since}", *(f"{name}={since}%7C{time}" for name in axes)]
        return f"{DATA}?" + "&".join(parts)

    @property
    def newest_path(self) -> str:
        """The path of a request for the newest time alone, whatever was answered so far."""
        return f"{DATA}?{self._buffers[-1]}"

    def read(self, body: bytes) -> Answer:
        """Read the answer to the request; it changes nothing before `accept`."""
        return read_answer(body, self._buffers)

    def is_usable(self, answer: Answer) -> bool:
        """Check whether an answer holds rows that follow those before.

        Without the row that was asked for again the buffers were cleared, and of another session
        only a part was sent; either is to be asked for in full.
        """
        if not self._has_begun:
            return False
        if self._last_s is None or answer.is_full:
            return True
        return answer.session == self._session and not self._is_back(answer)

    def goes_on(self, answer: Answer, later: Answer) -> bool:
        """Check whether the experiment of an answer still ran when a later one was sent."""
        if later.session != answer.session or later.newest_s is None:
            return False
        return answer.newest_s is None or later.newest_s >= answer.newest_s

    def _is_back(self, answer: Answer) -> bool:
        if self._last_s is None:
            return False
        return answer.newest_s is None or answer.newest_s < self._last_s

    def has_new(self, answer: Answer) -> bool:
        """Check whether a usable answer holds rows that were not accepted before."""
        if not answer.rows:
            return False
        is_other = answer.session != self._session or self._is_back(answer)
        return is_other or self._last_s is None or answer.rows[-1].time_s > self._last_s

    def needs_time(self, answer: Answer, arrival_s: float) -> bool:
        """Check whether the clock of the experiment may have been stopped or started since.

        During a pause it stands still, however short that is and whether it was seen or not, so
        that the newest sample is further behind the clock of the host than before.
        """
        resumed = answer.is_measuring and not self._was_measuring
        is_other = answer.session != self._session or resumed or self._is_back(answer)
        return is_other or self._behind_s(answer, arrival_s) > self._least_behind_s + _STOOD_S

    def _behind_s(self, answer: Answer, arrival_s: float) -> float:
        return math.inf if answer.newest_s is None else arrival_s - answer.newest_s

    def accept(self, answer: Answer, arrival_s: float, *, asked_time: bool) -> None:
        """Go on from an answer whose rows were taken.

        Parameters
        ----------
        answer : Answer
            The answer.
        arrival_s : float
            Its arrival on the clock of the host, s.
        asked_time : bool
            Whether the moments of start and pause were asked for with it.
        """
        self._session, self._was_measuring = answer.session, answer.is_measuring
        if answer.rows:
            self._last_s = answer.rows[-1].time_s
        behind_s = self._behind_s(answer, arrival_s)
        self._least_behind_s = behind_s if asked_time else min(self._least_behind_s, behind_s)

    def forget(self, answer: Answer) -> None:
        """Go on from an answer that is not usable: the first, or one of which the rest is void."""
        if self._has_begun:
            self._last_s = self._session = None
        else:
            self._has_begun, self._last_s = True, answer.newest_s
            self._session = answer.session


def _threshold_s(last_s: float) -> float:
    """Return a threshold below a time by some units of its last digit, s."""
    if last_s <= 0.0:
        return last_s - 1e-6
    unit = 10.0 ** (math.floor(math.log10(last_s)) - (_DIGITS - 1))
    return last_s - _OVERLAP * unit


def _buffers_of(settings: StreamSettings) -> tuple[str, ...]:
    text = settings.options.get("buffers", ",".join(_USUAL_BUFFERS))
    names = tuple(name.strip() for name in text.split(","))
    if len(names) != len(_USUAL_BUFFERS) or len(set(names)) < len(names):
        raise InvalidInputError(
            f"buffers is {text!r}; give the names of x, y, z and time, such as "
            f"{','.join(_USUAL_BUFFERS)}"
        )
    if not all(name.isidentifier() for name in names):
        raise InvalidInputError(f"buffers is {text!r}; a name has letters, digits and _ only")
    return names


def _check(settings: StreamSettings) -> None:
    _buffers_of(settings)
    start = settings.options.get("start", "auto")
    if start not in _STARTS:
        raise InvalidInputError(f"start is {start!r}; choose one of {', '.join(_STARTS)}")
    gravity = settings.options.get("gravity", "yes")
    if gravity not in ("yes", "no"):
        raise InvalidInputError(f"gravity is {gravity!r}; choose one of yes, no")


def _others_in(body: bytes, buffers: Sequence[str]) -> tuple[str, ...]:
    """Return the sources that an experiment records beside the acceleration that is taken."""
    inputs = _dicts(_parsed(body, "a configuration"), "inputs")
    return tuple(
        "".join(char for char in str(one.get("source", "?")) if char.isprintable())[:_LONGEST_NAME]
        for one in inputs
        if not set(buffers) & set(_outputs(one).values())
    )[:_MOST_OTHERS]


def _find_buffers(body: bytes) -> tuple[tuple[str, ...], bool]:
    """Return the buffers of acceleration of the experiment, and whether gravity is in them."""
    config = _parsed(body, "a configuration")
    if not {"title", "buffers", "inputs"} & config.keys():
        raise PacketError("a configuration came that is not of an experiment")
    for source, has_gravity in _SOURCES.items():
        for one in _dicts(config, "inputs"):
            names = _outputs(one)
            if one.get("source") == source and all(axis in names for axis in "xyzt"):
                return tuple(names[axis] for axis in "xyzt"), has_gravity
    title = str(config.get("title", "?"))
    known = [one.get("name") for one in _dicts(config, "buffers")]
    if all(name in known for name in _USUAL_BUFFERS):
        return _USUAL_BUFFERS, True
    raise SensorRefusedError(
        f"the experiment {title!r} is open on the phone, and it does not record acceleration with "
        "its time; open 'Acceleration (with g)' there, switch on its remote access, and try again"
    )


def _dicts(document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    values = document.get(key)
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _outputs(source: dict[str, Any]) -> dict[str, str]:
    outputs = source.get("outputs")
    return {
        axis: str(name)
        for output in ([outputs] if isinstance(outputs, dict) else _dicts(source, "outputs"))
        for axis, name in output.items()
        if isinstance(name, str)
    }


def _device_of(body: bytes | None) -> tuple[str, float | None]:
    """Return model and full scale of the accelerometer, g; empty and None where not told."""
    try:
        meta = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return "", None
    if not isinstance(meta, dict):
        return "", None
    model = "".join(char for char in str(meta.get("deviceModel") or "") if char.isprintable())
    try:
        range_ms2 = float(meta["sensors"]["accelerometer"]["Range"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return model, None
    is_sane = math.isfinite(range_ms2) and range_ms2 > STANDARD_GRAVITY_MS2
    return model, round(range_ms2 / STANDARD_GRAVITY_MS2, 3) if is_sane else None


def _start(settings: StreamSettings) -> Conversation:
    config = (yield Read(_CONFIG)) or b""
    buffers, has_gravity = _find_buffers(config)
    if "buffers" in settings.options:
        buffers = _buffers_of(settings)
    if "gravity" in settings.options:
        has_gravity = settings.options["gravity"] == "yes"
    model, range_g = _device_of((yield Read(_META, optional=True)))
    answer = read_answer((yield Read(f"{DATA}?{buffers[3]}")) or b"", buffers)
    start = settings.options.get("start", "auto")
    is_ours = start == "yes" or (start == "auto" and not answer.is_measuring)
    if is_ours:
        reply = yield Read(_START)
        if _parsed(reply or b"", "a reply") != {"result": True}:
            raise SensorRefusedError("phyphox did not start to measure; press play on the phone")
    rate_hz = yield from _measure_rate(
        buffers, answer.newest_s, tries=_TRIES_BY_HAND if start == "no" else _TRIES
    )
    notes = [f"measured at {rate_hz:g} Hz"]
    notes += [f"phone {model}"] if model else []
    notes += [] if has_gravity else [_NO_GRAVITY]
    others = _others_in(config, buffers)
    notes += [f"left out of what it records: {', '.join(others)}"] if others else []
    options = {
        "buffers": ",".join(buffers),
        "gravity": "yes" if has_gravity else "no",
        "start": "yes" if is_ours else "no",
    }
    granted = replace(
        settings,
        sampling_rate_hz=rate_hz,
        range_g=range_g if has_gravity else None,
        options=MappingProxyType(options),
    )
    return Started(settings=granted, notes=tuple(notes))


def _measure_rate(
    buffers: Sequence[str], newest_s: float | None, *, tries: int
) -> Generator[Step, bytes | None, float]:
    """Measure the sampling rate, Hz, by what comes after a moment.

    Yields
    ------
    Step
        Pauses and requests.
    """
    time = buffers[3]
    for _ in range(tries):
        yield Pause(_WAIT_S)
        since = "full" if newest_s is None else f"{_threshold_s(newest_s):.9f}"
        body = yield Read(f"{DATA}?{time}={since}")
        times_s = _times(body or b"", time)
        if newest_s is not None and (not times_s or times_s[-1] < newest_s):
            newest_s = None  # a start may clear the buffers
        rate_hz = measured_rate_hz(times_s)
        if rate_hz is not None:
            return rate_hz
    raise SensorRefusedError(
        f"phyphox sent no samples within {tries * _WAIT_S:g} s; press play on the phone, and keep "
        "its screen on and the app in front"
    )


def _times(body: bytes, name: str) -> list[float]:
    contents = read_answer(body, (name, name, name, name))
    return [row.time_s for row in contents.rows]


def _stop(settings: StreamSettings) -> StopConversation:
    if settings.options.get("start") == "yes":
        yield Read(_STOP, optional=True)


class _Decoder:
    """Decoder of the answers of phyphox.

    A row is placed by the clock of the phone: its time in the experiment, which stands still
    during a pause, since the last start, whose time ``/time`` has on both clocks.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._buffers = _buffers_of(settings)
        self._rows = StampedRows(settings.sampling_rate_hz)
        self._starts: tuple[tuple[float, float], ...] = ()
        self._session: str | None = None
        self._was_measuring = True
        self._last_s: float | None = None
        self._latest_s = -math.inf

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one answer, see `devices.profile.Decoder`."""
        if characteristic_uuid == TIME:
            self._starts = read_time(data)
            return []
        if characteristic_uuid != DATA:
            return []
        answer = read_answer(data, self._buffers)
        is_new = self._session not in (None, answer.session)
        is_back = (
            self._last_s is not None
            and answer.newest_s is not None
            and answer.newest_s < self._last_s
        )
        if is_new or is_back:
            self._last_s = None
        has_resumed = answer.is_measuring and not self._was_measuring
        # With the moments of the starts known, the clock of the phone tells how long a pause was.
        if not self._starts and (is_new or is_back or has_resumed):
            self._rows.restart()
        self._session, self._was_measuring = answer.session, answer.is_measuring
        runs = self._runs(answer.rows)
        blocks: list[SampleBlock] = []
        for rows in runs:
            if rows[0].time_s <= self._latest_s:
                self._rows.restart()  # it was set back: the clock of the host tells
            self._latest_s = rows[-1].time_s
            blocks += self._rows.blocks(rows, arrival_s, newest_s=runs[-1][-1].time_s)
        return blocks

    def _runs(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Return the rows that are new, on the clock of the phone, by the start they follow."""
        rows = [row for row in rows if self._last_s is None or row.time_s > self._last_s]
        if rows:
            self._last_s = rows[-1].time_s
        runs: list[list[Row]] = []
        begun_s = clock_s = 0.0
        until_s = -math.inf
        for row in rows:
            if row.time_s >= until_s:
                (begun_s, clock_s), until_s = self._start_of(row.time_s)
                runs.append([])
            runs[-1].append(replace(row, time_s=clock_s + (row.time_s - begun_s)))
        return runs

    def _start_of(self, time_s: float) -> tuple[tuple[float, float], float]:
        """Return the start before a time of the experiment, and the time of the next one, s."""
        if not self._starts:
            return (0.0, 0.0), math.inf
        at = bisect_right([begun_s for begun_s, _ in self._starts], time_s)
        until_s = self._starts[at][0] if at < len(self._starts) else math.inf
        return self._starts[max(0, at - 1)], until_s

    def restart(self, began_s: float | None = None) -> None:
        """Continue after a drop-out: the phone went on measuring, and its rows tell the rest."""

    @property
    def n_rejected(self) -> int:
        """Number of rows with impossible values."""
        return self._rows.n_rejected


OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "start": "whether to start the measurement: auto, if it does not run; yes; no; auto",
        "buffers": "buffers of x, y, z and time, separated by commas, if not those of its inputs",
        "gravity": "whether gravity is in them: yes or no; as its inputs tell",
    }
)

PROFILE: Final = SensorProfile(
    slug="phyphox",
    name="Phone with phyphox",
    name_pattern="phyphox:HOST[:PORT]",
    address_form="phyphox:HOST[:PORT]",
    services=(),
    recognises=lambda _: False,
    rates_hz=(),
    default_rate_hz=100.0,
    ranges_g=(),
    default_range_g=None,
    has_gyro=False,
    device_time="us stamp of each sample",
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(DATA, TIME),
    remarks=(
        "Open 'Acceleration (with g)' in phyphox, then its menu: allow remote access.",
        "The phone shows the address: HOST and PORT, mostly 8080 on Android and 80 on iOS.",
        "Phone and computer are in the same Wi-Fi; a guest network often keeps them apart.",
        "The phone keeps measuring during a drop-out, and what it measured comes afterwards.",
        "Its rate is that of the phone: it is measured, and --rate does not change it.",
        "Its gyroscope is left out: it is sampled at other moments than the acceleration.",
        "Keep the app in front and the screen on, or the phone stops measuring.",
    ),
    options=OPTIONS,
    check=_check,
    start=_start,
    stop=_stop,
    make_decoder=_Decoder,
    gravity_by_options=lambda options: options.get("gravity") != "no",
)
