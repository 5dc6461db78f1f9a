"""Opens a simulated sensor by the options of ``--sensor simulated``: leg, model, faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from devices.catalog import PROFILES
from devices.sensors.simulated import OPTIONS
from devices.simulated.metamotion import MetaMotion
from devices.simulated.microbit import MicroBit
from devices.simulated.model import Faults, SensorModel
from devices.simulated.movement import IndexMovement, LegMovement, Movement
from devices.simulated.movesense import Movesense
from devices.simulated.nordic_uart import NordicUart
from devices.simulated.own_sensor import OwnSensor
from devices.simulated.pacing import paced_clock
from devices.simulated.polar import PolarH10, PolarVeritySense
from devices.simulated.thingy52 import Thingy52
from devices.simulated.witmotion import WitMotion
from devices.simulated.xsens_dot import XsensDot
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from devices.link.options import LinkOptions, LinkTimeouts
    from devices.link.source import SensorSource
    from devices.profile import RequestedSettings, SensorProfile
    from devices.request import Request
    from tremor.packets import LinkEvent, Packet

__all__ = ["MODELS", "model_of", "open_simulated", "paced_source"]

#: Models by the slug of the sensor that they imitate.
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
#: Pseudo-scene whose samples encode their index, for tests.
_INDEX_SCENE: Final = "index"
_UNLIMITED_MS2: Final = 1e3
#: What options may be at most: a scene is rendered in memory, and a fault may come on any day.
_LONGEST_SCENE_S: Final = 86400.0
_LONGEST_S: Final = 366.0 * 86400.0
_FASTEST: Final = 1e6
_MOST_RATE_ERROR: Final = 0.5
_SEEDS: Final = 2**64


def _share(text: str) -> float:
    share = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    if not 0.0 <= share <= 1.0:
        raise ValueError
    return share


def _up_to(most: float) -> Callable[[str], float]:
    """Return a parser of numbers above zero and up to a bound; beyond it is a slip of the hand."""

    def parse(text: str) -> float:
        number = float(text)
        if not 0.0 < number <= most:
            raise ValueError
        return number

    return parse


def _error(text: str) -> float:
    error = float(text)
    if not abs(error) < _MOST_RATE_ERROR:
        raise ValueError
    return error


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < _SEEDS:
        raise ValueError
    return seed


def _moments(text: str) -> tuple[float, ...]:
    return tuple(sorted(map(_up_to(_LONGEST_S), text.strip("; ").split(";"))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """Parsed options; the defaults are those of the help text."""

    scene: str = "fading"
    seed: int = 0
    length: float = _DEFAULT_SCENE_S
    like: str = "simulated"
    rate_error: float = 0.004
    loss: float = 0.0
    disconnects: tuple[float, ...] = ()
    away: float = 2.0
    silent: float | None = None
    speed: float = 1.0


#: Parser of each option; `OPTIONS` describes them.
_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "scene": str,
    "seed": _seed,
    "length": _up_to(_LONGEST_SCENE_S),
    "like": str,
    "rate_error": _error,
    "loss": _share,
    "disconnects": _moments,
    "away": _up_to(_LONGEST_S),
    "silent": _up_to(_LONGEST_S),
    "speed": _up_to(_FASTEST),
}


def _parse(options: Mapping[str, str]) -> _Options:
    values: dict[str, Any] = {}
    for name, text in options.items():
        if name not in OPTIONS:
            raise InvalidInputError(
                f"the simulated sensor has no option {_suggestion(name, OPTIONS)}"
            )
        try:
            values[name] = _PARSERS[name](text)
        except ValueError as error:
            meaning = OPTIONS[name].partition("; ")[0]  # what follows holds if none is given
            raise InvalidInputError(f"{name} is {text!r}; give {meaning}") from error
    return _Options(**values)


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"{name!r}; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")


def _movement(parsed: _Options, rate_hz: float) -> Movement:
    if parsed.scene == _INDEX_SCENE:
        return IndexMovement()
    from tremor.synthesis import SCENES, SensorClock, render

    if parsed.scene not in SCENES:
        raise InvalidInputError(f"there is no scene {_suggestion(parsed.scene, SCENES)}")
    clock = SensorClock(nominal_rate_hz=rate_hz, rate_error=parsed.rate_error)
    scene = SCENES[parsed.scene](clock=clock, duration_s=parsed.length)
    # The model itself rounds, and clips to the requested full scale.
    sensor = replace(scene.sensor, range_ms2=_UNLIMITED_MS2, bits=None)
    return LegMovement.from_rendered(render(replace(scene, sensor=sensor), seed=parsed.seed))


def model_of(
    options: Mapping[str, str], *, sampling_rate_hz: float | None, address: str = ""
) -> SensorModel:
    """Make a simulated sensor.

    Parameters
    ----------
    options : mapping of str to str
        Values for some of `OPTIONS`.
    sampling_rate_hz : float or None
        Sampling rate that will be requested, Hz; None for the default of the profile.
    address : str
        Address, if there are several sensors.

    Returns
    -------
    SensorModel
        Disconnected sensor.

    Raises
    ------
    InvalidInputError
        If an option is unknown or its value not allowed.
    """
    parsed = _parse(options)
    if parsed.like not in MODELS:
        raise InvalidInputError(f"nothing can imitate {_suggestion(parsed.like, MODELS)}")
    rate_hz = sampling_rate_hz or PROFILES[parsed.like].default_rate_hz
    model = MODELS[parsed.like](
        movement=_movement(parsed, rate_hz),
        sampling_rate_hz=rate_hz,
        rate_error=parsed.rate_error,
        speed=parsed.speed,
        faults=Faults(
            loss=parsed.loss,
            disconnects_s=parsed.disconnects,
            away_s=parsed.away,
            silent_from_s=parsed.silent,
            seed=parsed.seed,
        ),
    )
    if address:
        model.address = address
    return model


def open_simulated(request: Request) -> SensorSource:
    """Open a simulated sensor as if it were a real one.

    Parameters
    ----------
    request : Request
        Sensor ``simulated``, or ``simulated:polar-h10`` to imitate another one.

    Returns
    -------
    SensorSource
        Source over the same link as for a real sensor.
    """
    _, _, like = request.sensor.partition(":")
    settings = request.settings
    options = {**settings.options, **({"like": like} if like else {})}
    profile = PROFILES.get(_parse(options).like)
    if profile is not None:  # a rate that it lacks is refused before a leg is made of it
        replace(settings, options={}).resolve(profile)
    model = model_of(options, sampling_rate_hz=settings.sampling_rate_hz)
    return paced_source(
        model,
        # The options are those of the simulation, not of the sensor that it imitates.
        replace(settings, options={}),
        profile=PROFILES[model.slug],
        tap=request.tap,
        link=request.link,
    )


def _at_speed(timeouts: LinkTimeouts, speed: float) -> LinkTimeouts:
    """Return the waits between reconnections as they are in the time of the simulation."""
    waits = ("first_wait_s", "longest_wait_s", "fruitful_s")
    return replace(timeouts, **{name: getattr(timeouts, name) / max(1.0, speed) for name in waits})


def paced_source(
    model: SensorModel,
    settings: RequestedSettings,
    *,
    profile: SensorProfile,
    tap: Callable[[Packet | LinkEvent], None] | None,
    link: LinkOptions,
) -> SensorSource:
    """Open a model as if it were a real sensor; it waits for whoever reads it.

    Parameters
    ----------
    model : SensorModel
        The sensor.
    settings, profile, tap, link
        As for `devices.link.source.SensorSource`; the backend of ``link`` is replaced.

    Returns
    -------
    SensorSource
        Source over the same link as for a real sensor.
    """
    from devices.link.options import HostClocks
    from devices.link.source import SensorSource
    from devices.simulated.backend import SimulatedRadio, backend_over

    clock = paced_clock(model.speed)
    radio = SimulatedRadio((model,), clock.radio_s, clock)
    source = SensorSource(
        model.address,
        settings,
        profile=profile,
        tap=tap,
        link=replace(
            link, backend=backend_over(radio), timeouts=_at_speed(link.timeouts, model.speed)
        ),
        clocks=HostClocks(monotonic=clock.host_s),
    )
    radio.n_waiting = lambda: source.n_waiting
    return source
