"""From the options of ``--sensor simulated`` to a source: which leg, which sensor, which faults."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from devices.catalog import PROFILES
from devices.sensors.simulated import OPTIONS
from devices.simulated.boards import MetaMotion, MicroBit, Thingy52, XsensDot
from devices.simulated.model import Faults, SensorModel
from devices.simulated.movement import IndexMovement, LegMovement, Movement
from devices.simulated.others import Movesense, NordicUart, OwnSensor, WitMotion
from devices.simulated.polar import PolarH10, PolarVeritySense
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from devices.link.source import SensorSource
    from devices.request import Request

__all__ = ["MODELS", "model_of", "open_simulated", "scaled_clock"]

#: Sensors that can be imitated, by the slug of their profile.
MODELS: Final[Mapping[str, type[SensorModel]]] = {
    model.slug: model
    for model in (
        OwnSensor,
        PolarVeritySense,
        PolarH10,
        WitMotion,
        Movesense,
        NordicUart,
        MetaMotion,
        XsensDot,
        Thingy52,
        MicroBit,
    )
}

_DEFAULT_SCENE_S: Final = 480.0
#: A scene that carries the index of each sample instead of a movement, for tests.
_INDEX: Final = "index"
_NO_RAIL_MS2: Final = 1e3


def _share(text: str) -> float:
    share = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    if not 0.0 <= share < 1.0:
        raise ValueError
    return share


def _positive(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number > 0.0):
        raise ValueError
    return number


def _moments(text: str) -> tuple[float, ...]:
    return tuple(sorted(_positive(part) for part in text.split(";") if part.strip()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    scene: str = "post_run"
    seed: int = 0
    length: float = _DEFAULT_SCENE_S
    like: str = "simulated"
    rate_error: float = 0.004
    loss: float = 0.0
    disconnects: tuple[float, ...] = ()
    away: float = 2.0
    silent: float | None = None
    speed: float = 1.0


#: How each option is read; what it means stands with the profile.
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "scene": str,
    "seed": int,
    "length": _positive,
    "like": str,
    "rate_error": float,
    "loss": _share,
    "disconnects": _moments,
    "away": _positive,
    "silent": _positive,
    "speed": _positive,
}


def _read(options: Mapping[str, str]) -> _Asked:
    values: dict[str, Any] = {}
    for name, text in options.items():
        if name not in OPTIONS:
            raise InvalidInputError(f"the simulated sensor has no option {_near(name, OPTIONS)}")
        try:
            values[name] = _READERS[name](text)
        except ValueError as error:
            raise InvalidInputError(f"{name} is {text!r}; give {OPTIONS[name]}") from error
    return _Asked(**values)


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"{name!r}; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")


def _movement(asked: _Asked, rate_hz: float) -> Movement:
    if asked.scene == _INDEX:
        return IndexMovement()
    from tremor.synthesis import SCENES, SensorClock, render

    if asked.scene not in SCENES:
        raise InvalidInputError(f"there is no scene {_near(asked.scene, SCENES)}")
    clock = SensorClock(nominal_rate_hz=rate_hz, rate_error=asked.rate_error)
    scene = SCENES[asked.scene](clock=clock, duration_s=asked.length)
    # The model rounds and clips by itself, to the range that it is asked for.
    sensor = replace(scene.sensor, range_ms2=_NO_RAIL_MS2, bits=None)
    return LegMovement.of(render(replace(scene, sensor=sensor), seed=asked.seed))


def model_of(
    options: Mapping[str, str], *, sampling_rate_hz: float | None, address: str = ""
) -> SensorModel:
    """Make a simulated sensor.

    Parameters
    ----------
    options : mapping of str to str
        Some of `OPTIONS`.
    sampling_rate_hz : float or None
        Rate that it will be asked for, Hz; that of its profile where None.
    address : str
        Its address, where there are several.

    Returns
    -------
    SensorModel
        Not connected to anybody yet.

    Raises
    ------
    InvalidInputError
        Where an option is not known or not allowed.
    """
    asked = _read(options)
    if asked.like not in MODELS:
        raise InvalidInputError(f"nothing can imitate {_near(asked.like, MODELS)}")
    rate_hz = sampling_rate_hz or PROFILES[asked.like].default_rate_hz
    model = MODELS[asked.like](
        movement=_movement(asked, rate_hz),
        sampling_rate_hz=rate_hz,
        rate_error=asked.rate_error,
        speed=asked.speed,
        faults=Faults(
            loss=asked.loss,
            disconnects_s=asked.disconnects,
            away_s=asked.away,
            silent_from_s=asked.silent,
            seed=asked.seed,
        ),
    )
    if address:
        model.address = address
    return model


@cache
def _origin_s() -> float:
    """Give the moment from which fast time runs: several sensors share one clock."""
    return time.monotonic()


def scaled_clock(speed: float) -> Callable[[], float]:
    """Give a monotonic clock that runs so many times as fast as that of the host."""
    begin_s = _origin_s()
    return lambda: begin_s + speed * (time.monotonic() - begin_s)


def open_simulated(request: Request) -> SensorSource:
    """Open a simulated sensor as if it were a real one.

    Parameters
    ----------
    request : Request
        ``simulated``, or ``simulated:polar-h10`` to imitate another one.

    Returns
    -------
    SensorSource
        Over the same link as a real one.
    """
    from devices.link.options import HostClocks
    from devices.link.source import SensorSource
    from devices.simulated.backend import backend_of

    _, _, like = request.sensor.partition(":")
    settings = request.settings
    options = {**settings.options, **({"like": like} if like else {})}
    model = model_of(options, sampling_rate_hz=settings.sampling_rate_hz)
    return SensorSource(
        model.address,
        # The options are those of the simulation, not of the sensor that it imitates.
        replace(settings, options={}),
        profile=PROFILES[model.slug],
        tap=request.tap,
        link=replace(request.link, backend=backend_of(model)),
        clocks=HostClocks(monotonic=scaled_clock(model.speed)),
    )
