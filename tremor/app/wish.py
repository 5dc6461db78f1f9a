"""What a runner asks for at the start: the form as it was filled in, and what it means.

A form may hold what was offered and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from tremor.app.sensors import NO_SENSOR, SensorEntry, Sensors, host_of
from tremor.errors import InvalidInputError
from tremor.report.messages import text
from tremor.session.folders import default_folder
from tremor.session.plan import Plan
from tremor.session.sensor_choice import RequestedSensor

__all__ = [
    "DURATIONS_S",
    "PLACEMENTS",
    "RATE",
    "USUAL",
    "Wish",
    "WishedSensor",
    "rate_field",
    "wish_of",
]

#: Durations that are offered, s, and where a sensor is worn most.
DURATIONS_S: Final = (60, 180, 300, 600)
PLACEMENTS: Final = (
    "left-calf", "right-calf", "left-thigh", "right-thigh", "left-shin", "right-shin",
)  # fmt: skip
#: Durations where none is chosen, s.
_USUAL_S: Final = 300.0
_BASELINE_S: Final = 60.0
#: What a form calls that duration, and when a session is.
USUAL: Final = "usual"
#: What the name of a field with the rate of a sensor begins with.
RATE: Final = "rate-"
_AFTER: Final = "after"
_BEFORE: Final = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class WishedSensor:
    """A sensor that a runner has chosen.

    Parameters
    ----------
    address : str
        Address of a sensor that was found, or such as ``simulated``.
    placement : str
        Where it is worn, such as ``left-calf``; empty if not known.
    """

    address: str
    placement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a runner asks for at the start.

    Parameters
    ----------
    sensors : tuple of WishedSensor
        One, or two with a placement each.
    duration_s : float
        Duration of the measurement, s.
    options : mapping of str to str
        Options of this kind of sensor.
    is_baseline : bool
        Whether the leg is recorded at rest before the run.
    uses_baseline : bool
        Whether it is held against the newest baseline of the same leg.
    sampling_rate_hz : float or None
        Rate to ask the sensors for, Hz; None for the usual one of each.
    """

    sensors: tuple[WishedSensor, ...]
    duration_s: float = _USUAL_S
    options: Mapping[str, str] = field(default_factory=dict)
    is_baseline: bool = False
    uses_baseline: bool = True
    sampling_rate_hz: float | None = None

    def plan(self, root: Path, now: datetime) -> Plan:
        """Return the plan of the session.

        Parameters
        ----------
        root : Path
            Folder in which recordings are made.
        now : datetime
            Local time, which names the folder.
        """
        is_one = len(self.sensors) == 1
        placement = self.sensors[0].placement if is_one else ""
        name = default_folder(now, placement=placement, is_baseline=self.is_baseline)
        return Plan(
            sensors=tuple(
                RequestedSensor("" if is_one else one.placement, one.address)
                for one in self.sensors
            ),
            folder=root / name,
            placement=placement,
            duration_s=self.duration_s,
            sampling_rate_hz=self.sampling_rate_hz,
            options=self.options,
            is_baseline=self.is_baseline,
        )


def wish_of(form: Mapping[str, str], sensors: Sensors) -> Wish:
    """Return what a form asks for.

    Parameters
    ----------
    form : mapping of str to str
        Fields ``sensor``, ``host``, ``placement``, the same with ``_2`` for a second sensor,
        ``when``, ``duration`` and ``baseline``; the rate of a sensor as `rate_field` calls it.
    sensors : Sensors
        What was offered.

    Returns
    -------
    Wish
        It can be carried out.

    Raises
    ------
    InvalidInputError
        If it holds what was not offered, two sensors that do not go together, or a rate that one
        of them has not.
    """
    when, duration = form.get("when", _AFTER), form.get("duration")
    if when not in (_AFTER, _BEFORE) or duration not in (USUAL, *map(str, DURATIONS_S)):
        raise InvalidInputError(text("app", "no_form"))
    is_baseline = when == _BEFORE
    usual_s = _BASELINE_S if is_baseline else _USUAL_S
    first = _entry(sensors.find(form.get("sensor", "")))
    entries, chosen = [first], [_wished(first, form, suffix="")]
    if form.get("sensor_2", NO_SENSOR) != NO_SENSOR:
        second = _entry(sensors.find_second(form["sensor_2"], first))
        entries.append(second)
        chosen.append(_wished(second, form, suffix="_2"))
        _require_pair(chosen, entries)
    if is_baseline and not all(one.placement for one in chosen):
        raise InvalidInputError(text("app", "no_baseline_placement"))
    return Wish(
        sensors=tuple(chosen),
        duration_s=usual_s if duration == USUAL else float(duration),
        options=first.options,
        is_baseline=is_baseline,
        uses_baseline=not is_baseline and form.get("baseline", "") == "yes",
        sampling_rate_hz=_rate_hz(form.get(rate_field(first.key), ""), entries),
    )


def rate_field(key: str) -> str:
    """Return what a form calls the rate of a sensor.

    Parameters
    ----------
    key : str
        What the form calls the sensor.
    """
    return f"{RATE}{key}"


def _rate_hz(chosen: str, entries: Sequence[SensorEntry]) -> float | None:
    """Return a rate that all of the sensors have, Hz; None for the usual one of each."""
    if not chosen:
        return None
    try:
        rate_hz = float(chosen)
    except ValueError:
        raise InvalidInputError(text("app", "no_form")) from None
    for one in entries:
        if one.profile is not None:
            one.profile.settings(sampling_rate_hz=rate_hz, range_g=None, gyro=False, **one.options)
    return rate_hz


def _entry(found: SensorEntry | None) -> SensorEntry:
    if found is None:
        raise InvalidInputError(text("app", "no_sensor"))
    return found


def _wished(entry: SensorEntry, form: Mapping[str, str], *, suffix: str) -> WishedSensor:
    placement = form.get(f"placement{suffix}", "")
    if placement not in ("", *PLACEMENTS):
        raise InvalidInputError(text("app", "no_form"))
    address = entry.address
    if entry.asks_for_host:
        address = f"{address}:{host_of(form.get(f'host{suffix}', ''))}"
    return WishedSensor(address=address, placement=placement)


def _require_pair(chosen: Sequence[WishedSensor], entries: Sequence[SensorEntry]) -> None:
    """Check that two sensors can be worn and read at once."""
    one, other = chosen
    if not one.placement or not other.placement:
        raise InvalidInputError(text("app", "no_pair_placement"))
    if one.placement == other.placement:
        raise InvalidInputError(text("app", "same_placement"))
    is_simulated = [entry.is_simulated for entry in entries]
    if any(is_simulated) and not all(is_simulated):
        raise InvalidInputError(text("app", "mixed_pair"))
    # One phone, whatever its port.
    addresses = [
        wished.address.split(":")[:2] if entry.asks_for_host else wished.address
        for wished, entry in zip(chosen, entries, strict=True)
    ]
    if addresses[0] == addresses[1] and not any(is_simulated):
        raise InvalidInputError(text("app", "same_sensor"))
