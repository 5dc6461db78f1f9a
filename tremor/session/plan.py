"""What is to be recorded, and what came of it: records, and nothing that does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.errors import LinkError
from tremor.recorder import RecorderCounts
from tremor.session.choosing import Wish
from tremor.session.stopping import Why

if TYPE_CHECKING:
    from devices.profile import SensorProfile

__all__ = ["Plan", "Recorded", "SessionOutcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be recorded.

    Parameters
    ----------
    wishes : tuple of Wish
        The sensors.
    folder : Path
        Where to; several sensors have folders of their labels in it.
    placement : str
        Site, or side and site; empty where it is not told.
    duration_s : float
        Of the measurement, s.
    sampling_rate_hz, range_g : float or None
        To ask the sensor for.
    gyro : bool
        Whether angular velocity is wanted as well.
    options : mapping of str to str
        What only the sensor knows.
    profile : SensorProfile or None
        What the sensor speaks like.
    pair : bool
        Whether to pair first.
    asks : bool
        Whether the runner may be asked.
    give_up_s : float
        For how long a lost sensor is sought, s.
    """

    wishes: tuple[Wish, ...]
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

    def placement_of(self, wish: Wish) -> str:
        """Give where a sensor is worn: its label tells the side."""
        if not wish.label:
            return self.placement
        if wish.label not in ("left", "right"):
            return wish.label
        _, _, site = self.placement.rpartition("-")
        return f"{wish.label}-{site or 'leg'}"

    def folder_of(self, wish: Wish) -> Path:
        """Give the folder of a sensor."""
        return self.folder / wish.label if len(self.wishes) > 1 else self.folder


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of one sensor.

    Parameters
    ----------
    label : str
        What it is called.
    folder : Path
        Where it is.
    counts : RecorderCounts
        What is in it.
    lost : LinkError or None
        Why it ended early.
    """

    label: str
    folder: Path
    counts: RecorderCounts
    lost: LinkError | None


@dataclass(frozen=True, slots=True)
class SessionOutcome:
    """How a session ended.

    Parameters
    ----------
    recorded : tuple of Recorded
        In the order of the plan.
    why : {"", "key", "interrupted", "terminated"}
        Who ended it; empty where it was over.
    """

    recorded: tuple[Recorded, ...]
    why: Why

    @property
    def was_cut_short(self) -> bool:
        """Tell whether a signal ended it, so that nobody is there to be asked."""
        return self.why in ("interrupted", "terminated")
