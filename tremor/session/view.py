"""What is shown of a session while it runs: frozen records, and their text in 80 columns.

Where it is shown is up to `tremor.session.interface.Screen`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tremor.report.layout import columns, wrapped
from tremor.report.messages import text
from tremor.report.numbers import clock, number, percent
from tremor.report.sparkline import sparkline
from tremor.report.view import verdict_word

__all__ = ["SensorView", "SessionView", "Stage", "Tremor", "status_block", "status_line"]

#: The stages of a session, in order; ``fit`` is the strap check. Recordings store these names.
Stage = Literal["find", "fit", "settle", "measure", "recover", "save", "ask"]

#: What is known of the rest of a leg: ``nothing`` was received, or too little to tell.
RestState = Literal["still", "moving", "nothing", "unclear"]

_INDENT: Final = 2
#: Between the parts of a line.
_BETWEEN: Final = "   "


@dataclass(frozen=True, slots=True)
class Tremor:
    """Tremor of one window.

    Parameters
    ----------
    verdict : str
        Verdict of the window, as in an analysis.
    frequency_hz, rms_ms2 : float or None
        Centre, Hz, and RMS acceleration, m/s^2; None if it does not exceed the noise floor.
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
        Sampling rate, Hz: measured, or nominal if ``rate_is_measured`` is false.
    rate_is_measured : bool
        Whether the rate was estimated from the samples.
    lost_share : float or None
        Share of lost samples; None if it cannot be told: a loss is no different from a delay, or
        nothing is received now.
    n_refused : int
        Packets that the decoder refused so far.
    battery_percent, rssi_dbm : int or None
        Charge and signal strength; None if not known.
    is_still : bool or None
        Whether the leg rests now; None if too little is received.
    is_silent : bool
        Whether nothing is received now.
    now : Tremor or None
        Result of the last window.
    first_rms_ms2 : float or None
        RMS of the first window with tremor, m/s^2.
    rms_ms2 : tuple of float
        RMS of all windows since the start, m/s^2; NaN without tremor.
    lost_for_s : float or None
        How long the link has been lost, s; None if it is not.
    is_paused : bool
        Whether a lost link is none: the sensor is reached, and measures nothing.
    ended : str
        Why the stream ended; empty while it goes on.
    """

    label: str
    rate_hz: float | None = None
    rate_is_measured: bool = False
    lost_share: float | None = 0.0
    n_refused: int = 0
    battery_percent: int | None = None
    rssi_dbm: int | None = None
    is_still: bool | None = None
    is_silent: bool = True
    now: Tremor | None = None
    first_rms_ms2: float | None = None
    rms_ms2: tuple[float, ...] = ()
    lost_for_s: float | None = None
    is_paused: bool = False
    ended: str = ""

    @property
    def rest_state(self) -> RestState:
        """What is known of the rest of the leg."""
        if self.is_still is None:
            return "nothing" if self.is_silent else "unclear"
        return "still" if self.is_still else "moving"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """What is shown of a session.

    Parameters
    ----------
    stage : Stage
        Present stage.
    time_s : float
        Time since the stage began, s.
    duration_s : float
        Duration of the measurement, s.
    sensors : tuple of SensorView
        One or several.
    words : str
        Sentence for the runner; empty for none.
    hint : str
        What the controls are; empty if there are none.
    """

    stage: Stage
    time_s: float
    duration_s: float
    sensors: tuple[SensorView, ...]
    words: str = ""
    hint: str = ""


def _said(name: str, **values: object) -> str:
    return text("status", name, **values)


def _tremor_text(now: Tremor | None) -> str:
    if now is None:
        return "-"
    if now.verdict == "tremor" and now.frequency_hz is not None:
        return _said("tremor", frequency=number(now.frequency_hz, 1), rms=number(now.rms_ms2))
    if now.verdict in ("tremor", "no_tremor"):
        return _said("too_small")
    return f"- ({verdict_word(now.verdict)})"


def _since_text(view: SensorView) -> str:
    last = next((value for value in reversed(view.rms_ms2) if value == value), None)
    if view.first_rms_ms2 is None or last is None:
        return ""
    return _said("since_start", first=_short(view.first_rms_ms2), last=_short(last))


def _short(rms_ms2: float) -> str:
    """Format a strength with two digits, for a line that must not be cut."""
    return number(rms_ms2, 2 if rms_ms2 >= 0.1 else 3)


def _rate_text(view: SensorView) -> str:
    if view.rate_hz is None:
        return _said("unknown_rate")
    return _said("rate" if view.rate_is_measured else "nominal_rate", rate_hz=view.rate_hz)


def _link_texts(view: SensorView) -> list[str]:
    """Return rate, loss, battery and signal strength, as far as they are known."""
    texts = [_rate_text(view)]
    if view.lost_share is None:
        texts.append(_said("unknown_loss"))
    else:
        texts.append(_said("loss", share=percent(view.lost_share)))
    if view.n_refused:
        texts.append(_said("refused", n_refused=view.n_refused))
    if view.battery_percent is not None:
        texts.append(_said("battery", percent=view.battery_percent))
    if view.rssi_dbm is not None:
        texts.append(f"{view.rssi_dbm} dBm")
    return texts


def _time_text(session: SessionView) -> str:
    if session.stage not in ("measure", "recover"):
        return _said(f"stage_{session.stage}")
    return f"{clock(session.time_s)} / {clock(session.duration_s)}"


def status_block(session: SessionView, *, unicode: bool = True) -> list[str]:
    """Return the status of a session as a block of lines, for a terminal.

    Parameters
    ----------
    session : SessionView
        What to show.
    unicode : bool
        Whether the terminal can show more than ASCII.

    Returns
    -------
    list of str
        Lines of at most 80 columns, or `tremor.report.layout.columns`.
    """
    lines = []
    for view in session.sensors:
        lines += _sensor_lines(view, session, unicode=unicode)
    lines += wrapped(session.words) if session.words else []
    if session.hint:
        lines += _folded(session.hint.split(_BETWEEN), _BETWEEN)
    return lines


def _sensor_lines(view: SensorView, session: SessionView, *, unicode: bool) -> list[str]:
    head = [view.label.replace("-", " ").upper(), _time_text(session)]
    if view.ended:
        return [*_folded([*head, _said("ended")], _BETWEEN), _cut(" " * _INDENT + view.ended)]
    if view.lost_for_s is not None:
        lost = "paused" if view.is_paused else "lost_link"
        head.append(_said(lost, duration=clock(view.lost_for_s)))
    answer = {True: _said("yes"), False: _said("no"), None: "-"}[view.is_still]
    texts = [
        _said("still_enough", answer=answer),
        _said("tremor_now", tremor=_tremor_text(view.now)),
        _since_text(view),
    ]
    lines = [
        *_folded([*head, *_link_texts(view)], _BETWEEN),
        *_folded([text for text in texts if text], "  "),
    ]
    drawn = sparkline(view.rms_ms2, width=columns(), unicode=unicode)
    return [*lines, drawn] if drawn else lines


def _folded(parts: Sequence[str], between: str) -> list[str]:
    """Return parts in as many lines as they need; only a part that is too long alone is cut."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{between}{part}" if lines else part
        if lines and len(joined) <= columns():
            lines[-1] = joined
        else:
            lines.append(f"{' ' * _INDENT}{part}" if lines else part)
    return [_cut(line) for line in lines]


def _cut(line: str) -> str:
    return line if len(line) <= columns() else line[: columns() - 3] + "..."


def status_line(session: SessionView) -> str:
    """Return the status of a session in one line, for a stream that is no terminal.

    Parameters
    ----------
    session : SessionView
        What to show.

    Examples
    --------
    >>> view = SensorView(label="left-calf", rate_hz=104.21, rate_is_measured=True, is_still=True,
    ...     now=Tremor("tremor", 9.13, 0.451), battery_percent=81)
    >>> print(status_line(SessionView(stage="measure", time_s=252.0, duration_s=600.0,
    ...     sensors=(view,))))
    4:12 / 10:00  left-calf: 104.2 Hz, loss 0 %, batt 81 %, still, 9.1 Hz, 0.451 m/s^2
    """
    sensors = "; ".join(_sensor_text(view, session) for view in session.sensors)
    return f"{_time_text(session)}  {sensors}"


def _sensor_text(view: SensorView, session: SessionView) -> str:
    if view.ended:
        return _said("line_ended", sensor=view.label)
    if view.lost_for_s is not None:
        lost = "line_paused" if view.is_paused else "line_lost_link"
        return _said(lost, sensor=view.label, duration=clock(view.lost_for_s))
    texts = [*_link_texts(view), _said(f"line_{view.rest_state}")]
    if session.stage == "measure" and view.now is not None:
        texts.append(_tremor_text(view.now))
    return f"{view.label}: {', '.join(texts)}"
