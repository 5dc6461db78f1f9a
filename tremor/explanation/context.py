"""What the runner answers about the run, the weather, the body and the day."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Context"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the runner answered; None is "not answered", an empty tuple is the answer "none"."""

    distance_km: float | None = None
    duration_min: float | None = None
    rpe: float | None = None
    load: str | None = None
    kind: str | None = None
    minutes_since_stop: float | None = None
    temperature_c: float | None = None
    humidity_pct: float | None = None
    sun: str | None = None
    mass_before_kg: float | None = None
    mass_after_kg: float | None = None
    sweat: str | None = None
    fluid_ml: float | None = None
    urine_ml: float | None = None
    salt: bool | None = None
    hours_since_meal: float | None = None
    poor_diet: bool | None = None
    caffeine_mg: float | None = None
    other_stimulant: bool | None = None
    medicines: tuple[str, ...] | None = None
    autoimmune: bool | None = None
    tremor_without_running: bool | None = None
    days_lasting: float | None = None
    stress: float | None = None
    short_sleep: bool | None = None
    other_muscles: tuple[str, ...] | None = None
    cramp: bool | None = None
    cold: bool | None = None
    signs: tuple[str, ...] | None = None
