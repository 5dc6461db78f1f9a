"""Predefined scenes by name; how they become samples is ``rendering``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from tremor.synthesis.leg import Heartbeat, Sway, Tremor
from tremor.synthesis.movements import Fidgets, Gait, Stomping
from tremor.synthesis.parts import LEG_STRETCHED
from tremor.synthesis.rendering import Part, Posture, Scene
from tremor.synthesis.sensors import SensorClock
from tremor.synthesis.surroundings import Impacts, Tone, Vibration

__all__ = ["SCENES"]

_WALK: Final = Gait()
_SLOW_WALK: Final = Gait(
    step_rate_hz=1.1, rms_ms2=1.3, corner_hz=2.0, impact_ms2=4.0, wobble_ms2=1.5,
    stride_variability=0.04,
)  # fmt: skip
_RUN: Final = Gait(
    step_rate_hz=2.75, rms_ms2=14.0, corner_hz=5.0, impact_ms2=70.0, wobble_ms2=25.0,
    wobble_hz=20.0,
)  # fmt: skip
_REST: Final[tuple[Part, ...]] = (Sway(), Heartbeat())


def _seated(*parts: Part, rest: tuple[Part, ...] = _REST) -> Callable[[SensorClock, float], Scene]:
    return lambda clock, duration_s: Scene(
        duration_s=duration_s,
        clock=clock,
        postures=(Posture(start_s=0.0, end_s=duration_s, label="seated", up=LEG_STRETCHED),),
        parts=(*rest, *parts),
    )


def _upright(label: str, *parts: Part) -> Callable[[SensorClock, float], Scene]:
    return lambda clock, duration_s: Scene(
        duration_s=duration_s,
        clock=clock,
        postures=(Posture(start_s=0.0, end_s=duration_s, label=label),),
        parts=parts,
    )


def _after_run(tremor: Tremor | None) -> Callable[[SensorClock, float], Scene]:
    def build(clock: SensorClock, duration_s: float) -> Scene:
        shrink = min(1.0, duration_s / 136.0)
        run_s, walk_s, sit_s = 35.0 * shrink, 65.0 * shrink, 68.0 * shrink
        parts: tuple[Part, ...] = (
            replace(_RUN, end_s=run_s),
            replace(_WALK, start_s=run_s, end_s=walk_s),
            Fidgets(
                rate_hz=0.0, at_s=(walk_s, walk_s + 0.4 * (sit_s - walk_s)), rms_ms2=2.0,
                start_s=walk_s, end_s=sit_s + 0.5,
            ),
            Sway(start_s=sit_s),
            Heartbeat(rms_ms2=0.02, initial_rate_hz=2.3, rate_hz=1.4, start_s=sit_s),
        )  # fmt: skip
        if tremor is not None:
            parts = (*parts, replace(tremor, start_s=sit_s))
        return Scene(
            duration_s=duration_s,
            clock=clock,
            postures=(
                Posture(start_s=0.0, end_s=run_s, label="running"),
                Posture(start_s=run_s, end_s=walk_s, label="walking"),
                Posture(start_s=walk_s, end_s=sit_s, label="sitting down", up=LEG_STRETCHED),
                Posture(start_s=sit_s, end_s=duration_s, label="seated", up=LEG_STRETCHED),
            ),
            parts=parts,
        )

    return build


@dataclass(frozen=True, slots=True)
class _Builder:
    """A named scene without its clock and duration."""

    name: str
    build: Callable[[SensorClock, float], Scene]

    def __call__(self, *, clock: SensorClock, duration_s: float) -> Scene:
        return replace(self.build(clock, duration_s), name=self.name)


_FADING: Final = Tremor(
    frequency_hz=8.4, bandwidth_hz=0.8, initial_rms_ms2=0.6, half_life_s=70.0, floor_rms_ms2=0.06
)
#: Scenes by name: ``SCENES[name](clock=..., duration_s=...)`` returns a `Scene`. Those after a run
#: consist of 35 s of running, 30 s of walking, 3 s of sitting down, and rest; where the duration is
#: below 136 s they shrink in proportion.
SCENES: Final[Mapping[str, _Builder]] = MappingProxyType(
    {
        name: _Builder(name, build)
        for name, build in {
            "post_run": _after_run(_FADING),
            "post_run_no_tremor": _after_run(None),
            "steady": _seated(Tremor()),
            "fading": _seated(_FADING),
            "restless": _seated(Tremor(), Impacts(rate_hz=0.1), Fidgets(rate_hz=0.05)),
            "quiet": _seated(),
            "strong_heartbeat": _seated(
                rest=(Sway(), Heartbeat(rms_ms2=0.12, initial_rate_hz=1.7, rate_hz=1.7))
            ),
            "sway": _seated(Sway(rms_ms2=0.25)),
            "vibration": _seated(Vibration()),
            "machine": _seated(Vibration(rms_ms2=0.05), Tone(frequency_hz=24.0, rms_ms2=0.3)),
            "impacts": _seated(Impacts()),
            "fidgets": _seated(Fidgets()),
            "stomping": _seated(Stomping()),
            "mixed": _seated(
                Sway(rms_ms2=0.1), Vibration(rms_ms2=0.05), Impacts(rate_hz=0.1), Fidgets()
            ),
            "walk": _upright("walking", _WALK),
            "slow_walk": _upright("walking", _SLOW_WALK),
            "run": _upright("running", _RUN),
        }.items()
    }
)
