"""The figure of a comparison and of a trend: the strength in each session."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tremor.report.figure_style import BLUE, STYLE, VERMILLION, WIDTH_IN, svg_of
from tremor.report.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from tremor.estimate import Estimate
    from tremor.results.comparison import SessionRow

__all__ = ["sessions_svg"]

_HEIGHT_IN: Final = 3.0
_DAY_S: Final = 86400.0
#: Longest name of a session below its point.
_LONGEST_NAME: Final = 20
#: So many dates fit below each other's side on a phone.
_MOST_DATES: Final = 5


def sessions_svg(rows: Sequence[SessionRow], *, prefix: str, title: str, desc: str) -> str:
    """Draw the strength at the beginning and at the end of the rest in each session.

    Parameters
    ----------
    rows : sequence of SessionRow
        Over time where each has its time, else side by side.
    prefix, title, desc : str
        As for `amplitude_svg`.

    Returns
    -------
    str
        One ``svg`` element.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": prefix}):
        figure = Figure(figsize=(WIDTH_IN, _HEIGHT_IN), layout="constrained")
        axes = figure.subplots()
        begins = [row.started_at for row in rows if row.started_at is not None]
        over_time = 2 < len(rows) == len(begins) and begins == sorted(begins) != begins[::-1]
        at = (
            [(one - begins[0]).total_seconds() / _DAY_S for one in begins]
            if over_time
            else list(range(len(rows)))
        )
        for field, label, colour, marker, aside in (
            ("initial_rms_ms2", "beginning", VERMILLION, "o", -0.04),
            ("final_rms_ms2", "end", BLUE, "s", 0.04),
        ):
            points = [
                (where + aside * (0 if over_time else 1), getattr(row, field))
                for where, row in zip(at, rows, strict=True)
                if getattr(row, field).value is not None
            ]
            _draw_intervals(axes, points, text("comparison", label), colour, marker)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(text("comparison", "rms_axis"))
        if over_time:
            shown = _apart(at)
            axes.set_xticks([at[index] for index in shown], _dates([begins[k] for k in shown]))
            axes.set_xticks(at, minor=True)
        else:
            axes.set_xticks(range(len(rows)), [_shortened(row.name) for row in rows])
            axes.set_xlim(-0.5, len(rows) - 0.5)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=11)
        return svg_of(figure, prefix=prefix, title=title, desc=desc)


def _apart(at: Sequence[float]) -> list[int]:
    """Return the sessions whose dates are written: first, last, and those that do not collide.

    Examples
    --------
    >>> _apart([0.0, 1.0, 30.0, 60.0, 99.0, 100.0])
    [0, 2, 3, 5]
    """
    least = (at[-1] - at[0]) / _MOST_DATES
    shown = [0, len(at) - 1]
    for index, here in enumerate(at):
        if all(abs(here - at[other]) >= least for other in shown):
            shown.append(index)
    return sorted(shown)


def _dates(begins: Sequence[datetime]) -> list[str]:
    r"""Return the dates below the axis: time of day within two days, and the year where it changes.

    Examples
    --------
    >>> _dates([datetime(2025, 12, 28), datetime(2026, 1, 4), datetime(2026, 1, 11)])
    ['28 Dec\n2025', '4 Jan\n2026', '11 Jan']
    """
    if begins[-1] - begins[0] < timedelta(days=2):
        firsts, seconds = [f"{one:%H:%M}" for one in begins], [_day(one) for one in begins]
    else:
        firsts, seconds = [_day(one) for one in begins], [f"{one:%Y}" for one in begins]
    before = ["", *seconds]
    return [
        f"{first}\n{second}" if second != last else first
        for first, second, last in zip(firsts, seconds, before, strict=False)
    ]


def _day(when: datetime) -> str:
    return f"{when.day} {when:%b}"


def _draw_intervals(
    axes: Axes, points: Sequence[tuple[float, Estimate]], label: str, colour: str, marker: str
) -> None:
    values = [one.value or 0.0 for _, one in points]
    limits = [
        [value if limit is None else limit for limit in (one.low, one.high)]
        for value, (_, one) in zip(values, points, strict=True)
    ]
    axes.errorbar(
        [at for at, _ in points],
        values,
        yerr=np.abs(np.array(limits).T - values),
        fmt=marker,
        color=colour,
        capsize=3,
        label=label,
    )


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
