"""Cautions: what weakens a result, how strongly, and which parts; and shaking beyond the band.

They are found in `tremor.analysis`; warnings on the reading of a capture are its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.notes import Note

__all__ = ["CAUTION_CODES", "BeyondBand", "Caution", "CautionCode", "Part"]

CautionCode = Literal[
    "machine",
    "vehicle",
    "voluntary",
    "posture_change",
    "strap_loose",
    "band_limited",
    "resolution",
    "heart_beside",
    "holes",
    "model",
]
CAUTION_CODES: Final[tuple[CautionCode, ...]] = get_args(CautionCode)

#: A part of a result that a caution lowers.
Part = Literal["tremor", "frequency", "bandwidth", "strength", "recovery", "muscle_fatigue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """What weakens a result, and how strongly.

    Parameters
    ----------
    code : str
        Kind of caution: machine, vehicle, voluntary, posture_change, strap_loose, band_limited,
        resolution, heart_beside, holes or model.
    about : tuple of str
        Parts of the result that it lowers: tremor, frequency, bandwidth, strength, recovery,
        muscle_fatigue.
    strength : float
        0 to 1: the share by which what depends on it is lowered.
    start_s, end_s : float or None
        Time that it is about, s from the start of the capture; None for the whole capture.
    statement : Note
        What was found.

    Raises
    ------
    InvalidInputError
        If the strength is not between 0 and 1.
    """

    code: CautionCode
    about: tuple[Part, ...]
    strength: float
    statement: Note
    start_s: float | None = None
    end_s: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= 1.0:
            raise InvalidInputError(
                f"strength of a caution is {self.strength}; give a number from 0 to 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondBand:
    """The strongest shaking outside the band, or at its edges.

    Parameters
    ----------
    where : {"above", "below", "edge"}
        Its position relative to the band.
    is_line : bool
        Whether it is a line; otherwise it is broad.
    frequency_hz, rms_ms2 : Estimate
        Centre, Hz, and RMS of the acceleration vector, m/s^2.
    share_of_still : float
        Share of the time without other movement in which it was seen, 0 to 1.
    """

    where: Literal["above", "below", "edge"]
    is_line: bool
    share_of_still: float
    frequency_hz: Estimate
    rms_ms2: Estimate
