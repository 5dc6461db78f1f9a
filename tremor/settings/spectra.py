"""Numbers that decide how far up a spectrum is used, where its floor is read, how holes are filled.

How a line is fitted to it is in `lines`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "MISSING",
    "NOISE_FLOOR",
    "SPECTRUM",
    "MissingCalibration",
    "NoiseFloorCalibration",
    "SpectrumCalibration",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumCalibration:
    """How far up a spectrum is used."""

    nyquist_share: float = calibrated(
        0.9,
        "1",
        "nothing is measured above this share of the Nyquist frequency, where anti-alias filters "
        "roll off",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFloorCalibration:
    """Which bins show the noise floor."""

    low_factor: float = calibrated(
        1.2,
        "1",
        "lower edge of the bins above the band over the upper edge of the band: 18 Hz for 15 Hz",
        source=JUDGEMENT,
    )
    high_factor: float = calibrated(
        3.0, "1", "their upper edge over it: 45 Hz for 15 Hz", source=JUDGEMENT
    )
    least_bins: int = calibrated(
        4, "1", "bins there; with fewer the band itself shows the floor", source=JUDGEMENT
    )
    least_band_share: float = calibrated(
        0.1, "1", "... and bins there over those of the band", source=JUDGEMENT
    )
    part_hz: float = calibrated(
        1.5,
        "Hz",
        "width of the parts whose means are compared: the line of a motor lifts one or two of 18",
        source=JUDGEMENT,
    )
    part_quantile: float = calibrated(
        0.4,
        "1",
        "quantile of the parts that is floor although lines fill half of them",
        source=JUDGEMENT,
    )
    rise_sd: float = calibrated(
        5.0,
        "1",
        "standard deviations of one axis by which a part may exceed that quantile by chance",
        source=JUDGEMENT,
    )
    least_rise: float = calibrated(
        1.0,
        "1",
        "... at least this share: a floor may fall by half from 18 to 45 Hz",
        source=JUDGEMENT,
    )
    most_over_band: float = calibrated(
        10.0,
        "1",
        "floor above the band over the quantile of the band, beyond which it is no floor: noise "
        "on a single axis has 2.3 on average, and four times that once in thousands of windows",
        source="derived: 20 % quantiles of gamma variables with shapes 1 and 3",
    )
    band_quantile: float = calibrated(
        0.2,
        "1",
        "quantile of the PSD in the band that is noise where a line fills the rest",
        source=JUDGEMENT,
    )
    quantile_over_mean: float = calibrated(
        0.51,
        "1",
        "that quantile of a PSD summed over three axes, over its mean",
        source="derived: 20 % quantile of a gamma variable with shape 3 and mean 1",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingCalibration:
    """The process by which missing samples are interpolated."""

    order_s: float = calibrated(
        0.15,
        "s",
        "span of its coefficients: half of it cannot hold two lines, and twice as much follows the "
        "scatter of a short spectrum",
        source="measured: tests/dsp/test_missing.py, error of filled samples",
    )
    least_order: int = calibrated(
        4, "1", "fewest coefficients: two for a line, two for what else there is", source=JUDGEMENT
    )
    lag_window_s: float = calibrated(
        0.3,
        "s",
        "standard deviation of the lag window of the first estimate: it smooths the spectrum over "
        "0.5 Hz; later estimates need none",
        source=JUDGEMENT,
    )
    most_unknown_share: float = calibrated(
        0.5,
        "1",
        "largest share of the power that is added for what the missing samples may have held",
        source=JUDGEMENT,
    )
    amplitude_error: float = calibrated(
        0.07,
        "1",
        "relative error of the amplitude within holes, half of its 95 % interval: with 5 % missing "
        "in holes of 0.16 s the RMS of a tone is 0.3 % low, whose own interval is 0.1 %",
        source=JUDGEMENT,
    )


MISSING: Final = MissingCalibration()
SPECTRUM: Final = SpectrumCalibration()
NOISE_FLOOR: Final = NoiseFloorCalibration()
