"""The status block: what is shown of a session, as lines of 80 columns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tremor.report.layout import WIDTH, wrapped
from tremor.report.numbers import clock, number, percent
from tremor.report.view import verdict_word

__all__ = ["SensorView", "SessionView", "Stage", "Tremor", "block_lines", "plain_line", "sparkline"]

#: The stages of a session, in their order.
Stage = Literal["find", "fit", "settle", "measure", "recover", "save", "ask"]

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = ".:-=+*#@"
_INDENT: Final = 2


@dataclass(frozen=True, slots=True)
class Tremor:
    """The tremor of a window.

    Parameters
    ----------
    verdict : str
        As in an analysis.
    frequency_hz, rms_ms2 : float or None
        None where it does not stand clear of the floor.
    """

    verdict: str
    frequency_hz: float | None = None
    rms_ms2: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorView:
    """What is shown of one sensor.

    Parameters
    ----------
    label : str
        Such as ``left-calf``.
    rate_hz : float or None
        Measured rate; nominal where ``rate_is_measured`` is false.
    rate_is_measured : bool
        Whether the rate rests on the times of the samples.
    lost_share : float or None
        None where a loss cannot be told from a delay.
    battery_percent, rssi_dbm : int or None
        None where they are not known.
    is_still : bool or None
        Whether the leg rests now.
    now : Tremor or None
        The last window.
    first_rms_ms2 : float or None
        RMS of the first window with tremor, m/s^2.
    rms_ms2 : tuple of float
        RMS of all windows since the start, m/s^2; NaN where there is none.
    lost_for_s : float or None
        For how long the link is lost, s; None where it stands.
    ended : str
        Why nothing comes any more; empty while it does.
    """

    label: str
    rate_hz: float | None = None
    rate_is_measured: bool = False
    lost_share: float | None = 0.0
    battery_percent: int | None = None
    rssi_dbm: int | None = None
    is_still: bool | None = None
    now: Tremor | None = None
    first_rms_ms2: float | None = None
    rms_ms2: tuple[float, ...] = ()
    lost_for_s: float | None = None
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """What is shown of a session.

    Parameters
    ----------
    stage : Stage
        Where it is.
    time_s : float
        Since the stage began, s.
    duration_s : float
        Of the measurement, s.
    sensors : tuple of SensorView
        One or several.
    words : str
        What was said last; empty for nothing.
    keys : str
        What keys do; empty where there are none.
    """

    stage: Stage
    time_s: float
    duration_s: float
    sensors: tuple[SensorView, ...]
    words: str = ""
    keys: str = ""


def sparkline(values: Sequence[float], *, width: int, unicode: bool = True) -> str:
    """Draw numbers as bars of a text line, from 0 to the largest.

    Parameters
    ----------
    values : sequence of float
        NaN is drawn as a dot in the middle, or a blank in ASCII.
    width : int
        Columns; of more values the largest of each column is drawn.
    unicode : bool
        Whether the terminal shows more than ASCII.

    Examples
    --------
    >>> sparkline([8.0, 4.0, 2.0, 1.0], width=10)
    '█▅▃▂'
    >>> sparkline([8.0, 4.0, 2.0, 1.0], width=2)
    '█▃'
    """
    known = [value for value in values if value == value]
    top = max(known, default=0.0)
    if top <= 0.0:
        return ""
    n_columns = min(len(values), width)
    largest = [-1.0] * n_columns
    for place, value in enumerate(values):
        column = place * n_columns // len(values)
        if value == value:
            largest[column] = max(largest[column], value)
    bars, none = (_BARS, "·") if unicode else (_ASCII_BARS, " ")
    return "".join(
        none if value < 0.0 else bars[min(int(value / top * len(bars)), len(bars) - 1)]
        for value in largest
    )


def _tremor_text(now: Tremor | None) -> str:
    if now is None:
        return "-"
    if now.verdict == "tremor" and now.frequency_hz is not None:
        return f"{number(now.frequency_hz, 1)} Hz, {number(now.rms_ms2)} m/s^2"
    if now.verdict in ("tremor", "no_tremor"):
        return "too small to measure"
    return f"- ({verdict_word(now.verdict)})"


def _since_text(view: SensorView) -> str:
    last = next((value for value in reversed(view.rms_ms2) if value == value), None)
    if view.first_rms_ms2 is None or last is None:
        return ""
    return f"since start: {number(view.first_rms_ms2)} -> {number(last)}"


def _rate_text(view: SensorView) -> str:
    if view.rate_hz is None:
        return "- Hz"
    return f"{view.rate_hz:.1f} Hz" if view.rate_is_measured else f"about {view.rate_hz:.0f} Hz"


def _state(view: SensorView) -> list[str]:
    loss = "loss not told" if view.lost_share is None else f"loss {percent(view.lost_share)}"
    parts = [_rate_text(view), loss]
    if view.battery_percent is not None:
        parts.append(f"batt {view.battery_percent} %")
    if view.rssi_dbm is not None:
        parts.append(f"{view.rssi_dbm} dBm")
    return parts


def _still_text(is_still: bool | None) -> str:
    return {True: "yes", False: "no", None: "-"}[is_still]


def _times(session: SessionView) -> str:
    if session.stage not in ("measure", "recover"):
        return session.stage
    return f"{clock(session.time_s)} / {clock(session.duration_s)}"


def block_lines(session: SessionView, *, unicode: bool = True) -> list[str]:
    """Give the status block.

    Parameters
    ----------
    session : SessionView
        What to show.
    unicode : bool
        Whether the terminal shows more than ASCII.

    Returns
    -------
    list of str
        Lines of at most 80 columns.
    """
    lines = []
    for view in session.sensors:
        head = [view.label.replace("-", " ").upper(), _times(session)]
        if view.ended:
            lines += [_cut("   ".join([*head, "ENDED"])), _cut(" " * _INDENT + view.ended)]
            continue
        if view.lost_for_s is not None:
            head.append(f"LINK LOST for {clock(view.lost_for_s)}, seeking it")
        lines.append(_cut("   ".join([*head, *_state(view)])))
        parts = [
            f"still enough: {_still_text(view.is_still)}",
            f"tremor now: {_tremor_text(view.now)}",
            _since_text(view),
        ]
        lines.append(_cut("  ".join(part for part in parts if part)))
        drawn = sparkline(view.rms_ms2, width=WIDTH, unicode=unicode)
        if drawn:
            lines.append(drawn)
    lines += wrapped(session.words) if session.words else []
    if session.keys:
        lines.append(_cut(session.keys))
    return lines


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def plain_line(session: SessionView) -> str:
    """Give the state of a session in one line, for a stream that is no terminal.

    Parameters
    ----------
    session : SessionView
        What to show.

    Examples
    --------
    >>> view = SensorView(label="left-calf", rate_hz=104.21, rate_is_measured=True, is_still=True,
    ...     now=Tremor("tremor", 9.13, 0.451), battery_percent=81)
    >>> print(plain_line(SessionView(stage="measure", time_s=252.0, duration_s=600.0,
    ...     sensors=(view,))))
    4:12 / 10:00  left-calf: 104.2 Hz, loss 0 %, batt 81 %, still, 9.1 Hz, 0.451 m/s^2
    """
    parts = []
    for view in session.sensors:
        if view.ended:
            parts.append(f"{view.label}: ended")
            continue
        if view.lost_for_s is not None:
            parts.append(f"{view.label}: link lost for {clock(view.lost_for_s)}, seeking it")
            continue
        still = {True: "still", False: "moving", None: "nothing received"}[view.is_still]
        words = [*_state(view), still]
        if session.stage == "measure" and view.now is not None:
            words.append(_tremor_text(view.now))
        parts.append(f"{view.label}: {', '.join(words)}")
    return f"{_times(session)}  {'; '.join(parts)}"
