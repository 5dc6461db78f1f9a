"""Findings of the runner: what was answered, and what follows from answers by a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from tremor.explanation.findings.finding import Finding, interval, not_answered
from tremor.explanation.findings.heat import race_flag, wbgt_c
from tremor.explanation.findings.sweat import sweat_loss
from tremor.notes import note

if TYPE_CHECKING:
    from tremor.estimate import Estimate
    from tremor.explanation.answers.context import Context

__all__ = ["ANSWERED", "FROM_ONE_ANSWER", "LONG_FROM_MIN", "duration"]

# Limits that are part of a fact; those that only weigh stand in the table of evidence.
#: On the scale of 0 to 10: very hard begins at 7 to 8, light ends at 3 to 4.
HARD_FROM_RPE: Final = 8.0
LIGHT_UP_TO_RPE: Final = 4.0
SHORT_BELOW_MIN: Final = 30.0
LONG_FROM_MIN: Final = 60.0
#: Nobody runs faster over such distances but the very best.
LEAST_MIN_PER_KM: Final = 3.0
#: A gain of body mass means something only after so long; over less, a drink is still underway.
GAIN_AFTER_MIN: Final = 120.0
#: Lactic acid of intervals is still there after so long, and gone within the hour.
LACTATE_MIN: Final = 10.0
#: The weights of caffeine are for this body mass.
REFERENCE_MASS_KG: Final = 70.0


def _lacking(context: Context, *names: str) -> tuple[str, ...]:
    return tuple(name for name in names if getattr(context, name) is None)


def _effort(context: Context) -> Finding:
    rpe, load, duration_min = context.rpe, context.load, context.duration_min
    if rpe is None and load is None:
        return not_answered("effort", "rpe", "load")
    grounds = [] if rpe is None else [note("EFFORT_RPE", rpe=rpe)]
    grounds += [] if load is None else [note("EFFORT_LOAD", load=load)]
    if (rpe is not None and rpe >= HARD_FROM_RPE) or load in ("harder", "new"):
        word = "hard"
    elif (rpe is not None and rpe <= LIGHT_UP_TO_RPE) or (rpe is None and load == "easier"):
        short = duration_min is not None and duration_min < SHORT_BELOW_MIN
        word = "light and short" if short else "light"
    else:
        word = "medium"
    return Finding(
        key="effort",
        statement=note("FINDING_EFFORT", effort=word, grounds=tuple(grounds)),
        origin="answered",
        word=word,
        value=rpe,
        unit="of 10" if rpe is not None else "",
        fields=("rpe", "load", "duration_min"),
    )


def duration(context: Context) -> Finding:
    """Return the finding of how long the run was."""
    duration_min, distance_km = context.duration_min, context.distance_km
    fields = ("duration_min", "distance_km")
    if duration_min is not None:
        return Finding(
            key="duration",
            statement=note("FINDING_DURATION", duration_min=duration_min),
            origin="answered",
            value=duration_min,
            unit="min",
            fields=fields,
        )
    least_min = 0.0 if distance_km is None else LEAST_MIN_PER_KM * distance_km
    if least_min >= LONG_FROM_MIN:
        return Finding(
            key="duration",
            statement=note("FINDING_DISTANCE", distance_km=distance_km, least_min=least_min),
            origin="computed",
            value=least_min,
            unit="min",
            low=least_min,
            fields=fields,
        )
    return not_answered("duration", "duration_min")


def _kind(context: Context) -> Finding:
    if context.kind is None:
        return not_answered("kind", "kind")
    return Finding(
        key="kind",
        statement=note("FINDING_KIND", kind=context.kind),
        origin="answered",
        word=context.kind,
        fields=("kind",),
    )


def _recent_intervals(context: Context) -> Finding:
    kind, minutes = context.kind, context.minutes_since_stop
    if kind is None:
        return not_answered("recent_intervals", *_lacking(context, "kind", "minutes_since_stop"))
    if kind == "intervals" and minutes is None:
        return not_answered("recent_intervals", "minutes_since_stop")
    if kind != "intervals":
        return Finding(
            key="recent_intervals",
            statement=note("FINDING_NO_INTERVALS", kind=kind),
            origin="answered",
            word="no",
            fields=("kind",),
        )
    assert minutes is not None
    return Finding(
        key="recent_intervals",
        statement=note("FINDING_INTERVALS", minutes_since_stop=minutes),
        origin="answered",
        word="yes" if minutes < LACTATE_MIN else "no",
        value=minutes,
        unit="min",
        fields=("kind", "minutes_since_stop"),
    )


_DEGREE: Final = "°C"


def _heat(context: Context) -> Finding:
    temperature_c, humidity_pct = context.temperature_c, context.humidity_pct
    fields = ("temperature_c", "humidity_pct", "sun")
    if temperature_c is None:
        return not_answered("heat", *_lacking(context, "temperature_c", "humidity_pct"))
    if humidity_pct is not None:
        wbgt = wbgt_c(temperature_c, humidity_pct, context.sun)
        return Finding(
            key="heat",
            statement=note(
                "FINDING_HEAT",
                temperature_c=temperature_c,
                humidity_pct=humidity_pct,
                sun=context.sun or "not_answered",
                wbgt_c=interval(wbgt),
            ),
            origin="computed",
            value=wbgt.value,
            unit=_DEGREE,
            low=wbgt.low,
            high=wbgt.high,
            fields=fields,
        )
    # Without the humidity only what holds for the driest and the dampest air can be said.
    least = wbgt_c(temperature_c, 0.0, context.sun).value
    most = wbgt_c(temperature_c, 100.0, context.sun).value
    assert least is not None
    assert most is not None
    if race_flag(least) == race_flag(most) or race_flag(least) in ("high", "extreme"):
        return Finding(
            key="heat",
            statement=note(
                "FINDING_HEAT_ANY_HUMIDITY",
                temperature_c=temperature_c,
                lowest_wbgt_c=least,
                highest_wbgt_c=most,
            ),
            origin="computed",
            value=least,
            unit=_DEGREE,
            low=least,
            high=most,
            fields=fields,
        )
    return not_answered("heat", "humidity_pct")


_MASSES: Final = ("mass_before_kg", "mass_after_kg")


def _mass_loss(context: Context) -> Finding:
    lacking = _lacking(context, *_MASSES)
    if lacking:
        return not_answered("mass_loss", *lacking)
    change = sweat_loss(
        context.mass_before_kg, context.mass_after_kg, None, None, None
    ).mass_change_pct
    assert change.value is not None
    return Finding(
        key="mass_loss",
        statement=note("FINDING_MASS_LOST", mass_loss_pct=interval(change))
        if change.value >= 0.0
        else note("FINDING_MASS_NOT_LOST", mass_gain_pct=-change.value),
        origin="computed",
        value=round(change.value, 6),  # 67.9 kg of 70 kg are 3 %, not a hair less
        unit="%",
        low=change.low,
        high=change.high,
        fields=_MASSES,
    )


def _mass_gain(context: Context) -> Finding:
    before_kg, after_kg = context.mass_before_kg, context.mass_after_kg
    if before_kg is None or after_kg is None:
        return not_answered("mass_gain", *_lacking(context, *_MASSES))
    if after_kg <= before_kg:
        return Finding(
            key="mass_gain",
            statement=note("FINDING_NO_MASS_GAIN"),
            origin="computed",
            word="no",
            fields=_MASSES,
        )
    gain_kg, length = after_kg - before_kg, duration(context)
    is_long = length.value is not None and length.value > GAIN_AFTER_MIN
    if context.duration_min is not None:
        statement = note(
            "FINDING_MASS_GAIN", mass_gain_kg=gain_kg, duration_min=context.duration_min
        )
    elif is_long:  # by the distance
        statement = note(
            "FINDING_MASS_GAIN_BY_DISTANCE", mass_gain_kg=gain_kg, run=length.statement
        )
    else:
        return not_answered("mass_gain", "duration_min")
    return Finding(
        key="mass_gain",
        statement=statement,
        origin="computed",
        word="yes" if is_long else "no",
        value=gain_kg,
        unit="kg",
        fields=(*_MASSES, *length.fields),
    )


def _in_g(amount_mg: Estimate) -> dict[str, float | None]:
    return {name: None if mg is None else mg / 1000.0 for name, mg in interval(amount_mg).items()}


def _sodium(context: Context) -> Finding:
    fields = ("salt", *_MASSES, "fluid_ml", "urine_ml")
    if context.salt:
        return Finding(
            key="sodium",
            statement=note("FINDING_SALT"),
            origin="answered",
            word="replaced",
            fields=fields,
        )
    lacking = _lacking(context, *fields)
    if lacking:
        return not_answered("sodium", *lacking)
    sodium_mg = sweat_loss(
        context.mass_before_kg,
        context.mass_after_kg,
        context.fluid_ml,
        context.urine_ml,
        context.duration_min,
    ).sodium_mg
    if sodium_mg.value is None:
        return Finding(
            key="sodium",
            statement=note("NOT_COMPUTED", finding="sodium", why=sodium_mg.reason),
            origin="computed",
            fields=fields,
        )
    return Finding(
        key="sodium",
        statement=note("FINDING_SODIUM", sodium_g=_in_g(sodium_mg)),
        origin="computed",
        value=sodium_mg.value,
        unit="mg",
        low=sodium_mg.low,
        high=sodium_mg.high,
        fields=fields,
    )


def _caffeine(context: Context) -> Finding:
    """Return the dose of caffeine scaled to 70 kg, or the dose itself if that is more."""
    dose_mg = context.caffeine_mg
    if dose_mg is None:
        return not_answered("caffeine", "caffeine_mg")
    mass_kg = context.mass_before_kg or context.mass_after_kg
    per_mass = (
        None if mass_kg is None else note("CAFFEINE_PER_MASS", caffeine_mg_per_kg=dose_mg / mass_kg)
    )
    scaled_mg = dose_mg if mass_kg is None else max(dose_mg, dose_mg * REFERENCE_MASS_KG / mass_kg)
    return Finding(
        key="caffeine",
        statement=note("FINDING_CAFFEINE", caffeine_mg=dose_mg, per_mass=per_mass),
        origin="answered" if scaled_mg == dose_mg else "computed",
        value=scaled_mg,
        unit="mg",
        fields=("caffeine_mg", *_MASSES),
    )


def _meal(context: Context) -> Finding:
    hours = context.hours_since_meal
    if hours is None:
        return not_answered("meal", "hours_since_meal")
    return Finding(
        key="meal",
        statement=note("FINDING_MEAL", hours_since_meal=hours),
        origin="answered",
        value=hours,
        unit="h",
        fields=("hours_since_meal",),
    )


def _only_worked_muscles(context: Context) -> Finding:
    if context.other_muscles is None:
        return not_answered("only_worked_muscles", "other_muscles")
    return _answer("only_worked_muscles", not context.other_muscles, "other_muscles")


def _sweat(context: Context) -> Finding:
    if context.sweat is None:
        return not_answered("sweat", "sweat")
    return Finding(
        key="sweat",
        statement=note("FINDING_SWEAT", sweat=context.sweat),
        origin="answered",
        word=context.sweat,
        fields=("sweat",),
    )


def _stress(context: Context) -> Finding:
    if context.stress is None:
        return not_answered("stress", "stress")
    return Finding(
        key="stress",
        statement=note("FINDING_STRESS", stress=context.stress),
        origin="answered",
        value=context.stress,
        unit="of 10",
        fields=("stress",),
    )


def _days_lasting(context: Context) -> Finding:
    if context.days_lasting is None:
        return not_answered("days_lasting", "days_lasting")
    return Finding(
        key="days_lasting",
        statement=note("FINDING_DAYS_LASTING", days_lasting=context.days_lasting),
        origin="answered",
        value=context.days_lasting,
        unit="days",
        fields=("days_lasting",),
    )


_COMPOSED: Final[Mapping[str, Callable[[Context], Finding]]] = {
    "effort": _effort,
    "duration": duration,
    "kind": _kind,
    "recent_intervals": _recent_intervals,
    "heat": _heat,
    "mass_loss": _mass_loss,
    "mass_gain": _mass_gain,
    "sweat": _sweat,
    "sodium": _sodium,
    "only_worked_muscles": _only_worked_muscles,
    "days_lasting": _days_lasting,
    "caffeine": _caffeine,
    "meal": _meal,
    "stress": _stress,
}

#: Answers of yes and no that are findings as they stand.
_YES_NO: Final = (
    "cramp",
    "tremor_without_running",
    "other_stimulant",
    "autoimmune",
    "poor_diet",
    "short_sleep",
    "cold",
    "leg_cooled",
    "upper_body_work",
)
#: Findings that look for one word in an answer of several: the answer and the word.
_MEMBERS: Final = {
    "eyelid": ("other_muscles", "eyelid"),
    "hand": ("other_muscles", "hand"),
    "several_muscles": ("other_muscles", "several"),
    "diuretic": ("medicines", "diuretic"),
    "corticosteroid": ("medicines", "corticosteroid"),
    "estrogen": ("medicines", "estrogen"),
    "other_medicine": ("medicines", "other"),
}


def _answer(key: str, is_so: bool, field: str) -> Finding:
    word = "yes" if is_so else "no"
    return Finding(
        key=key,
        statement=note("FINDING_ANSWER", finding=key, answer=word),
        origin="answered",
        word=word,
        fields=(field,),
    )


def _yes_no(key: str, context: Context) -> Finding:
    answer: bool | None = getattr(context, key)
    return not_answered(key, key) if answer is None else _answer(key, answer, key)


def _member(key: str, context: Context) -> Finding:
    field, word = _MEMBERS[key]
    answer: tuple[str, ...] | None = getattr(context, field)
    return not_answered(key, field) if answer is None else _answer(key, word in answer, field)


#: Findings that say yes or no to one answer.
FROM_ONE_ANSWER: Final = (*_YES_NO, *_MEMBERS, "only_worked_muscles")

#: Every finding from answers alone, by name.
ANSWERED: Final[Mapping[str, Callable[[Context], Finding]]] = {
    **_COMPOSED,
    **{key: partial(_yes_no, key) for key in _YES_NO},
    **{key: partial(_member, key) for key in _MEMBERS},
}
