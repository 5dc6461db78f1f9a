"""A comparison and a trend in sentences and rows, and as text of 80 columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tremor.report import view
from tremor.report.layout import in_ascii, wrapped
from tremor.report.messages import sentence, sentences, text
from tremor.report.numbers import number, percent, value_text
from tremor.results.comparison import QUANTITIES, Change, Comparison, QuantityTrend, Trend
from tremor.settings import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tremor.estimate import Estimate
    from tremor.results.comparison import ClockDifference, SessionRow

__all__ = [
    "change_texts",
    "coherence_texts",
    "column_names",
    "left_out_texts",
    "legend",
    "name_of",
    "render",
    "session_cells",
    "session_name",
    "title_of",
    "trend_texts",
]

_SECONDS_OF_A_DAY: Final = 86400.0
#: Quantities in the table of sessions; the mean over the session has a row of its own in JSON.
_CELL: Final = 15
_MOST_ROWS: Final = 12
_SHOWN: Final = ("initial_rms_ms2", "final_rms_ms2", "frequency_hz", "half_life_s")


def render(found: Comparison | Trend, *, unicode: bool = True) -> str:
    """Render a comparison or a trend as text of at most 80 columns.

    Parameters
    ----------
    found : Comparison or Trend
        The result.
    unicode : bool
        Whether the terminal shows more than ASCII.

    Returns
    -------
    str
        The sessions, what changed, and what that rests on.
    """
    lines = [title_of(found), "", *_table(found.sessions), ""]
    for paragraph in _paragraphs(found):
        lines += wrapped(paragraph, hang=2)
    if isinstance(found, Comparison) and found.unlike:
        lines += ["", *wrapped(text("comparison", "unlike", why=sentences(found.unlike)))]
    if isinstance(found, Trend) and found.left_out:
        lines += ["", text("comparison", "left_out")]
        for one in left_out_texts(found):
            lines += wrapped(f"- {one}", indent=2, hang=2)
    return _text([*lines, "", *wrapped(legend()), "", *wrapped(view.purpose())], unicode=unicode)


def _paragraphs(found: Comparison | Trend) -> tuple[str, ...]:
    if isinstance(found, Comparison):
        return (*change_texts(found), *coherence_texts(found))
    return tuple(" ".join(filter(None, one)) for one in trend_texts(found))


def _text(lines: Sequence[str], *, unicode: bool) -> str:
    whole = "\n".join(lines) + "\n"
    return whole if unicode else in_ascii(whole)


def title_of(found: Comparison | Trend) -> str:
    """Return what is compared, in one line."""
    n = len(found.sessions)
    if isinstance(found, Comparison):
        return text("comparison", f"title_{found.kind}", n=n)
    begins = [row.started_at for row in found.sessions if row.started_at is not None]
    days = round((max(begins) - min(begins)).total_seconds() / _SECONDS_OF_A_DAY)
    return text(
        "comparison",
        "title_trend",
        sessions=text("comparison", "n_sessions", n=n),
        days=text("comparison", "n_days", n=days),
    )


def legend() -> str:
    """Return what brackets and factors mean."""
    return text("comparison", "legend")


def name_of(quantity: str) -> str:
    """Return the name of a quantity, in everyday words."""
    return text("comparison", f"name.{quantity}")


def session_name(row: SessionRow) -> str:
    """Return what a session is called."""
    return row.name or text("view", "no_source")


def column_names() -> tuple[str, ...]:
    """Return the headings of the numbers in the table of sessions."""
    return tuple(text("comparison", f"column.{name}") for name in _SHOWN)


def session_cells(row: SessionRow) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return name, time, and the numbers of a session, each with its interval."""
    recorded = (
        text("comparison", "no_date")
        if row.started_at is None
        else f"{row.started_at:%Y-%m-%d %H:%M}"
    )
    name = session_name(row)
    label = f"{name} ({row.placement})" if row.placement else name
    numbers = tuple(
        (value_text(getattr(row, name), QUANTITIES[name]) or "-", _limits(getattr(row, name)))
        for name in _SHOWN
    )
    return label, recorded, numbers


def _limits(estimate: Estimate) -> str:
    return view.limits_text(estimate)


def _table(rows: Sequence[SessionRow]) -> list[str]:
    """Lay the sessions out below each other, two lines each."""
    names = "".join(f"{name:<{_CELL}}" for name in column_names())
    lines = [f"{'':<19}{names}".rstrip()]
    for row in rows[-_MOST_ROWS:]:
        label, recorded, numbers = session_cells(row)
        values = "".join(f"{value:<{_CELL}}" for value, _ in numbers)
        limits = "".join(f"{limits:<{_CELL}}" for _, limits in numbers)
        lines += [label, f"  {recorded:<17}{values}".rstrip(), f"{'':<19}{limits}".rstrip()]
    if len(rows) > _MOST_ROWS:
        more = text("text", "more_rows", n=len(rows) - _MOST_ROWS)
        lines.insert(1, f"  {more}")
    return [line for line in lines if line]


def change_texts(found: Comparison) -> tuple[str, ...]:
    """Return a line for every change, and what chance makes of such numbers.

    Parameters
    ----------
    found : Comparison
        The comparison.

    Returns
    -------
    tuple of str
        Changes that are more than chance first.
    """
    if len(found.sessions) > 2:
        told = _by_verdict(found)
    else:
        ranked = sorted(found.changes, key=lambda one: _VERDICT_ORDER.index(one.verdict))
        told = [_change_text(one, found) for one in ranked]
    unchanged = [one for one in found.changes if one.verdict == "no_reliable_change"]
    grounds = [_grounds_text(basis, unchanged) for basis in ("own_sessions", "literature")]
    below = dict.fromkeys(
        name_of(one.quantity) for one in found.changes if _is_below_literature(one)
    )
    if below:
        literature = _least(COMPARISON.literature_strength_factor)
        names = ", ".join(below)
        told.append(text("comparison", "below_literature", names=names, literature=literature))
    return (*told, *filter(None, grounds))


#: What changed comes first.
_VERDICT_ORDER: Final = ("rose", "fell", "no_reliable_change", "cannot_tell")


def _by_verdict(found: Comparison) -> list[str]:
    """Return the changes of several sessions: what changed in full, the rest in a line each."""
    told = [
        text(
            "comparison",
            "of_session",
            session=found.sessions[one.after].name,
            change=_change_text(one, found),
        )
        for one in found.changes
        if one.verdict in ("rose", "fell")
    ]
    for verdict in ("no_reliable_change", "cannot_tell"):
        some = [one for one in found.changes if one.verdict == verdict]
        listed = [
            text(
                "comparison",
                "quantity_of",
                name=name_of(quantity),
                sessions=", ".join(
                    found.sessions[one.after].name for one in some if one.quantity == quantity
                ),
            )
            for quantity in dict.fromkeys(one.quantity for one in some)
        ]
        if listed:
            told.append(text("comparison", f"all_{verdict}", listed="; ".join(listed)))
    return told


def _is_below_literature(change: Change) -> bool:
    return (
        change.basis == "own_sessions"
        and change.detectable_factor is not None
        and change.quantity.endswith("rms_ms2")
        and change.detectable_factor < COMPARISON.literature_strength_factor
    )


def _change_text(change: Change, found: Comparison) -> str:
    name = name_of(change.quantity)
    leg = "leg_" if found.kind == "legs" else ""
    if change.verdict == "cannot_tell":
        return text("comparison", f"{leg}cannot_tell", name=name, why=_why_not(change))
    return text(
        "comparison",
        f"{leg}{change.verdict}",
        name=name,
        factor=number(change.factor.value, 2),
        range=_range(change.factor),
    )


def _grounds_text(basis: str, unchanged: Sequence[Change]) -> str:
    """Return from which factors on quantities change by more than chance; empty for none."""
    least = {
        one.quantity: one.detectable_factor
        for one in unchanged
        if one.basis == basis and one.detectable_factor is not None
    }
    if not least:
        return ""
    listed = [
        text("comparison", "factor_of", least=_least(factor), name=name_of(quantity))
        for quantity, factor in least.items()
    ]
    return text("comparison", f"least_{basis}", listed=", ".join(listed))


def _least(factor: float) -> str:
    return number(factor, 1 if factor >= 1.5 else 2)


def _why_not(change: Change) -> str:
    if change.factor.reason is not None:
        return text("comparison", "why", why=sentence(change.factor.reason))
    if change.basis == "none":
        return text("comparison", "nobody_measured")
    return text("comparison", "why", why=text("comparison", "open_interval"))


def _range(factor: Estimate) -> str:
    if factor.low is None or factor.high is None:
        return ""
    return text("comparison", "range", low=number(factor.low, 2), high=number(factor.high, 2))


def coherence_texts(found: Comparison) -> tuple[str, ...]:
    """Return how far two legs move in step, how far their clocks differ, and which leg leads."""
    of_legs = found.coherence
    if of_legs is None:
        return ()
    coherence = of_legs.coherence
    if coherence.value is None or coherence.low is None:
        return (text("comparison", "coherence_unknown", why=sentence(coherence.reason)),)
    told = text(
        "comparison",
        "coherence",
        frequency_hz=number(of_legs.frequency_hz, 1),
        coherence=f"{value_text(coherence, '')} {view.range_text(coherence)}",
        chance=number(of_legs.chance_level, 2),
    )
    names = [session_name(row) for row in found.sessions[:2]]
    lines = [told, _clocks_text(of_legs.clocks, *names), _leader_text(of_legs.lag_s, *names)]
    if coherence.low > of_legs.chance_level:
        lines.insert(1, text("comparison", "shaken_together"))
    return tuple(lines)


def _clocks_text(clocks: ClockDifference | None, one: str, other: str) -> str:
    if clocks is None or clocks.offset_s.value is None:
        return text("comparison", "clocks_unknown")
    # The one that is ahead comes first.
    sign = math.copysign(1.0, clocks.offset_s.value)
    ahead, behind = (other, one) if sign > 0.0 else (one, other)
    offset, low, high = _numbers(clocks.offset_s, 1e3 * sign)
    drift, drift_low, drift_high = _numbers(clocks.drift_ppm, sign)
    return text(
        "comparison",
        "clocks",
        ahead=ahead,
        behind=behind,
        offset=offset,
        low=low,
        high=high,
        drift=drift,
        drift_low=drift_low,
        drift_high=drift_high,
    )


def _leader_text(lag: Estimate, one: str, other: str) -> str:
    if lag.value is None or lag.low is None or lag.high is None:
        return text("comparison", "leader_unknown", why=sentence(lag.reason))
    sign = math.copysign(1.0, lag.value)
    first, second = (one, other) if sign > 0.0 else (other, one)
    name = "no_leader" if lag.low <= 0.0 <= lag.high else "leads"
    value, low, high = _numbers(lag, 1e3 * sign)
    return text("comparison", name, first=first, second=second, lag=value, low=low, high=high)


def _numbers(found: Estimate, factor: float) -> tuple[str, str, str]:
    """Return value and limits, times a factor, in whole numbers; the limits in rising order."""
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    low, high = sorted((factor * found.low, factor * found.high))
    return number(factor * found.value, 0), number(low, 0), number(high, 0)


def trend_texts(found: Trend) -> tuple[tuple[str, str], ...]:
    """Return for every quantity what it did, and what that rests on; those with a trend first."""
    ranked = sorted(found.trends, key=lambda one: _VERDICT_ORDER.index(one.verdict))
    return tuple((_trend_text(one), _scatter_text(one)) for one in ranked)


def _trend_text(trend: QuantityTrend) -> str:
    name, factor = name_of(trend.quantity), trend.factor_in_all
    if trend.verdict == "cannot_tell":
        why = text("comparison", "why", why=sentence(factor.reason))
        return text("comparison", "cannot_tell", name=name, why=why)
    return text(
        "comparison",
        f"trend_{trend.verdict}",
        name=name,
        factor=number(factor.value, 2),
        range=_range(factor),
    )


def _scatter_text(trend: QuantityTrend) -> str:
    told = []
    if trend.between_sessions_share is not None:
        share = percent(trend.between_sessions_share)
        told.append(text("comparison", "scatter", share=share))
    if trend.detectable_factor is not None and trend.basis == "own_sessions":
        told.append(text("comparison", "detectable", least=_least(trend.detectable_factor)))
    return " ".join(told)


def left_out_texts(found: Trend) -> tuple[str, ...]:
    """Return what was not used, and why."""
    return tuple(map(sentence, found.left_out))
