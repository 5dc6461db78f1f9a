"""What is to be recorded, and what was: frozen records without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.errors import LinkError
from tremor.recorder import RecorderCounts
from tremor.session.sensor_choice import RequestedSensor
from tremor.session.stopping import StopReason

if TYPE_CHECKING:
    from devices.profile import SensorProfile
    from tremor.baselines import LevelBefore

__all__ = ["Plan", "SensorOutcome", "SessionOutcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be recorded.

    Parameters
    ----------
    sensors : tuple of RequestedSensor
        At least one.
    folder : Path
        Folder of the recording; several sensors have a folder each in it, named by their labels.
    placement : str
        Site, or side and site, such as ``left-calf``; empty if not known.
    duration_s : float
        Duration of the measurement, s.
    sampling_rate_hz, range_g : float or None
        Rate, Hz, and full scale, g, to request from the sensor; None for its default.
    gyro : bool
        Whether to record angular velocity as well.
    options : mapping of str to str
        Options of this kind of sensor.
    profile : SensorProfile or None
        Protocol of the sensor, if its name does not show it.
    pair : bool
        Whether to pair first.
    asks : bool
        Whether the runner may be asked.
    give_up_s : float
        How long to search for a sensor whose link is lost, s.
    overwrite : bool
        Whether a recording in the folder may be replaced.
    lsl : str or None
        Name of the stream by which other programs get the samples meanwhile; None for no stream.
    is_baseline : bool
        Whether the leg is recorded at rest before the run, for later sessions to use.
    levels_before : mapping of Path to LevelBefore, or None
        Level before the run that each recording is held against, by its folder; those that lack
        one are held against none. None if that is left to whoever measures it.
    """

    sensors: tuple[RequestedSensor, ...]
    folder: Path
    placement: str = ""
    duration_s: float = 300.0
    sampling_rate_hz: float | None = None
    range_g: float | None = None
    gyro: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    profile: SensorProfile | None = None
    pair: bool = False
    asks: bool = True
    give_up_s: float = 300.0
    overwrite: bool = False
    lsl: str | None = None
    is_baseline: bool = False
    levels_before: Mapping[Path, LevelBefore] | None = None

    def lsl_name_of(self, sensor: RequestedSensor) -> str | None:
        """Return the name of the stream of a sensor, with its label if there are several."""
        if self.lsl is None or len(self.sensors) == 1:
            return self.lsl
        return f"{self.lsl}-{sensor.label}"

    def placement_of(self, sensor: RequestedSensor) -> str:
        """Return where a sensor is worn; the label ``left`` or ``right`` is the side."""
        if not sensor.label:
            return self.placement
        if sensor.label not in ("left", "right"):
            return sensor.label
        _, _, site = self.placement.rpartition("-")
        return f"{sensor.label}-{site or 'leg'}"

    def folder_of(self, sensor: RequestedSensor) -> Path:
        """Return the folder of the recording of a sensor."""
        return self.folder / sensor.label if len(self.sensors) > 1 else self.folder


@dataclass(frozen=True, slots=True)
class Silence:
    """Time at the ends of a recording in which nothing came.

    Parameters
    ----------
    first_s, last_s : float
        Before the first sample and after the last one, s; all of the time is after the last where
        there is none.
    rate_hz : float
        Rate that the sensor claims, Hz.
    """

    first_s: float = 0.0
    last_s: float = 0.0
    rate_hz: float = 0.0

    @property
    def n_due(self) -> int:
        """Return how many samples were due meanwhile."""
        return round((self.first_s + self.last_s) * self.rate_hz)


@dataclass(frozen=True, slots=True)
class SensorOutcome:
    """What was recorded from one sensor.

    Parameters
    ----------
    label : str
        Its name in the session.
    folder : Path
        Folder of its recording.
    counts : RecorderCounts
        Numbers of samples, losses and packets.
    lost : LinkError or None
        Why it ended early; None if it did not.
    detects_loss : bool
        Whether a loss can be distinguished from a delay.
    silence : Silence
        What is missing at its ends, where no count shows it.
    """

    label: str
    folder: Path
    counts: RecorderCounts
    lost: LinkError | None
    detects_loss: bool = True
    silence: Silence = field(default_factory=lambda: Silence())

    @property
    def is_empty(self) -> bool:
        """Whether it holds no sample."""
        return not self.counts.n_samples


@dataclass(frozen=True, slots=True)
class SessionOutcome:
    """How a session ended.

    Parameters
    ----------
    recorded : tuple of SensorOutcome
        In the order of the plan.
    why : {"", "key", "interrupted", "terminated"}
        What ended it; empty if its time was over.
    kept : Path or None
        Where the recording is that was to be replaced and still is there; None if there is none.
    """

    recorded: tuple[SensorOutcome, ...]
    why: StopReason
    kept: Path | None = None

    @property
    def filled(self) -> tuple[SensorOutcome, ...]:
        """Those of them that hold samples."""
        return tuple(one for one in self.recorded if not one.is_empty)

    @property
    def was_cut_short(self) -> bool:
        """Whether a signal ended it, so that nobody is there to be asked."""
        return self.why in ("interrupted", "terminated")
