"""What only pictures need of a capture: its spectrogram, and a few seconds of it as measured."""

from __future__ import annotations

from dataclasses import dataclass

from tremor.arrays import require_one_length
from tremor.errors import InvalidInputError
from tremor.recording import Floats, read_only

__all__ = ["Spectrogram", "Strip"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Spectrogram:
    """The spectrum over time, coarse enough for a picture.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Centres of the windows, s from the start of the capture.
    frequency_hz : ndarray, shape (m,)
        Frequencies, Hz.
    level_db : ndarray, shape (n * m,)
        PSD summed over the axes, dB above 1 (m/s^2)^2/Hz in whole steps, window after window.

    Raises
    ------
    InvalidInputError
        If the lengths do not fit each other.
    """

    time_s: Floats
    frequency_hz: Floats
    level_db: Floats

    def __post_init__(self) -> None:
        for name in ("time_s", "frequency_hz", "level_db"):
            object.__setattr__(self, name, read_only(getattr(self, name)))
        wanted = self.time_s.size * self.frequency_hz.size
        if self.level_db.size != wanted:
            raise InvalidInputError(
                f"a spectrogram of {self.level_db.size} levels needs {wanted}, one for each of its "
                "times and frequencies"
            )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Strip:
    """One window as measured, without its mean.

    Parameters
    ----------
    start_s : float
        Its start, s from the start of the capture.
    time_s : ndarray, shape (n,)
        Times from its start, s.
    x_ms2, y_ms2, z_ms2 : ndarray, shape (n,)
        Acceleration along the axes of the sensor without its mean, m/s^2.

    Raises
    ------
    InvalidInputError
        If the lengths differ.
    """

    start_s: float
    time_s: Floats
    x_ms2: Floats
    y_ms2: Floats
    z_ms2: Floats

    def __post_init__(self) -> None:
        for name in ("time_s", "x_ms2", "y_ms2", "z_ms2"):
            object.__setattr__(self, name, read_only(getattr(self, name)))
        require_one_length(self, ("time_s", "x_ms2", "y_ms2", "z_ms2"))
