"""When the packets of a recording arrived, from the table of its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tremor.arrays import Floats
from tremor.errors import CaptureReadError
from tremor.formats.folder.manifest import read_manifest
from tremor.formats.folder.samples import ARRIVAL_COLUMN

__all__ = ["PacketArrivals", "read_arrivals"]

_FILE = "samples.csv"
_TIME_COLUMN = "time_s"


@dataclass(frozen=True, eq=False, slots=True)
class PacketArrivals:
    """Arrivals of the samples of a recording.

    Parameters
    ----------
    first_s : float
        Time of the first sample, s from the start of the recording.
    arrival_s : ndarray, shape (n,)
        When the packet of each sample arrived, s from the start of the recording.
    zero_s : float or None
        Start of the recording on the monotonic clock of the computer, s.
    kind : str
        Profile and rate of the sensor; empty if it is not known.
    """

    first_s: float
    arrival_s: Floats
    zero_s: float | None
    kind: str


def read_arrivals(folder: Path) -> PacketArrivals | None:
    """Read when each sample of a recording arrived.

    Parameters
    ----------
    folder : Path
        Folder of the recording.

    Returns
    -------
    PacketArrivals or None
        None if the table does not hold it for every row.
    """
    import pandas as pd

    try:
        manifest = read_manifest(folder) or {}
        table = pd.read_csv(
            folder / _FILE, comment="#", usecols=[_TIME_COLUMN, ARRIVAL_COLUMN], dtype=np.float64
        )
    except (OSError, ValueError, CaptureReadError):
        return None
    arrival_s = table[ARRIVAL_COLUMN].to_numpy()
    if not len(table) or not np.isfinite(arrival_s).all():
        return None
    zero_s = manifest.get("started_monotonic_s")
    sensor, settings = manifest.get("sensor"), manifest.get("settings")
    slug = sensor.get("profile") if isinstance(sensor, dict) else None
    rate = settings.get("sampling_rate_hz") if isinstance(settings, dict) else None
    return PacketArrivals(
        first_s=float(table[_TIME_COLUMN].iloc[0]),
        arrival_s=arrival_s,
        zero_s=float(zero_s) if isinstance(zero_s, int | float) else None,
        kind=f"{slug} {rate}" if slug and rate else "",
    )
