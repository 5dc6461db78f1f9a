"""Every threshold of the analysis, with its unit and its reason. Nothing is decided elsewhere."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError

__all__ = ["AnalysisSettings", "heartbeat_limit"]

#: The length that `AnalysisSettings.most_heartbeat_score` is for, s.
_LENGTH_OF_LIMIT_S: Final = 4.0
#: The limit of a median of many windows falls to this share of that of one, as n^-0.7.
_SHARE_OF_MANY: Final = 0.6


def _setting(default: float, unit: str, reason: str, *, low: float, high: float) -> Any:  # noqa: ANN401 - dataclasses.field gives Any
    return field(
        default=default, metadata={"unit": unit, "reason": reason, "low": low, "high": high}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """Settings of the analysis; each field's metadata holds its unit, reason and limits.

    Raises
    ------
    InvalidInputError
        Where a value lies outside of its limits or two values contradict each other.

    Examples
    --------
    >>> AnalysisSettings().with_overrides(["band_high_hz=12"]).band_high_hz
    12.0
    """

    band_low_hz: float = _setting(
        3.0,
        "Hz",
        "leg tremor after exercise lies at 3-15 Hz; below, sway and gait rule",
        low=1.0,
        high=30.0,
    )
    band_high_hz: float = _setting(
        15.0,
        "Hz",
        "leg tremor after exercise lies at 3-15 Hz; the faster orthostatic tremor needs standing",
        low=4.0,
        high=60.0,
    )
    window_s: float = _setting(
        4.0,
        "s",
        "short enough to say when, long enough for a line 0.25-1.5 Hz wide",
        low=2.0,
        high=60.0,
    )
    step_s: float = _setting(
        2.0, "s", "half a window: every moment lies well inside of some window", low=0.5, high=60.0
    )
    least_rms_ms2: float = _setting(
        0.03,
        "m/s^2",
        "a resting leg shows 0.008-0.015 in 3-15 Hz; less than twice that cannot be told from it",
        low=0.0,
        high=10.0,
    )
    least_peak_fraction: float = _setting(
        0.42,
        "1",
        "share of 2.5-16 Hz power within 0.75 Hz of the peak: 0.5 for a line 1.5 Hz wide, "
        "0.1 for a flat spectrum",
        low=0.0,
        high=1.0,
    )
    least_peak_over_floor: float = _setting(
        8.0,
        "1",
        "smoothed peak over the median of the band: a flat spectrum reaches 3-5 by chance",
        low=1.0,
        high=1000.0,
    )
    interior_margin_hz: float = _setting(
        0.3,
        "Hz",
        "a maximum at an edge of the band is the flank of something slower or faster",
        low=0.0,
        high=3.0,
    )
    least_valley_ratio: float = _setting(
        3.0,
        "1",
        "peak over the lowest PSD between 1.5 Hz and the peak: gait and sway fall off towards it "
        "without a valley",
        low=1.0,
        high=1000.0,
    )
    most_low_rms_ms2: float = _setting(
        0.3,
        "m/s^2",
        "RMS in 0.5-3 Hz; a seated leg stays below 0.1, a foot put down reaches 0.4, slow walking "
        "starts near 1",
        low=0.01,
        high=100.0,
    )
    most_low_share: float = _setting(
        0.2,
        "1",
        "RMS in 0.5-3 Hz over that in the band, where both are strong: the flank of a line at "
        "8 Hz, 1.5 Hz wide, reaches 0.17; stamping starts at 0.15, gait at 0.5",
        low=0.0,
        high=10.0,
    )
    most_low_rms_at_all_ms2: float = _setting(
        1.0,
        "m/s^2",
        "RMS in 0.5-3 Hz beyond which no tremor, however strong, excuses it: that is gait",
        low=0.01,
        high=100.0,
    )
    most_gait_comb: float = _setting(
        0.8,
        "1",
        "decades between teeth and gaps of a stride comb, each at most 1: walking and running "
        "0.8-1.0, tremor below 0.8 in 99 of 100 windows",
        low=0.1,
        high=1.0,
    )
    most_strong_comb: float = _setting(
        0.62,
        "1",
        "the same where the shaking is strong: stamping on purpose has 0.64-1.0",
        low=0.1,
        high=1.0,
    )
    strong_rms_ms2: float = _setting(
        1.2,
        "m/s^2",
        "visible tremor after a run has 0.1-1; beyond, movement on purpose is the likelier",
        low=0.1,
        high=100.0,
    )
    blank_over_median: float = _setting(
        4.0,
        "1",
        "norm over 0.1 s above so many times its median is an impact; the envelope of tremor "
        "stays below 3.5",
        low=2.0,
        high=100.0,
    )
    most_blanked_share: float = _setting(
        0.3,
        "1",
        "share of a window that can be left out; the rest still holds two thirds of the looks",
        low=0.0,
        high=1.0,
    )
    most_half_disagreement_hz: float = _setting(
        1.0,
        "Hz",
        "the peak of the better half against that of the window; half a window resolves 0.75 Hz",
        low=0.1,
        high=10.0,
    )
    most_quiet_share: float = _setting(
        0.35,
        "1",
        "share of 4 s in which the line is below a tenth of its mean power: tremor stays below in "
        "99.7 of 100 windows (0.095 on average, with a scatter that falls with the root of the "
        "length); a quarter of the movements that pass for a line do not",
        low=0.1,
        high=1.0,
    )
    most_slow_correlation: float = _setting(
        0.6,
        "1",
        "correlation of the envelopes of the line and of what moves at 0.5-2.5 Hz: 0 on average "
        "for tremor, 0.8 for a movement of several seconds that reaches into the band",
        low=0.0,
        high=1.0,
    )
    least_beside_share: float = _setting(
        0.4,
        "1",
        "RMS in 0.5-3 Hz over that in the band from which on the two are compared: tremor of a "
        "leg at rest has 0.06-0.33, movements that pass for a line 0.5-2",
        low=0.0,
        high=10.0,
    )
    most_heartbeat_score: float = _setting(
        0.51,
        "1",
        "return of the pushes that drive the line at a beat's interval plus their spikiness, for "
        "4 s (it falls with the root of the length, and for several windows): 1 % of tremor "
        "windows lie above, 20 % of ringing ones that pass every other test below",
        low=0.0,
        high=2.0,
    )
    most_ringing_rms_ms2: float = _setting(
        0.4,
        "m/s^2",
        "what the heart can set ringing: a resting leg shows 0.01, a relaxed calf after a run up "
        "to 0.3; stronger shaking is not the heart's",
        low=0.0,
        high=100.0,
    )
    most_clipped_share: float = _setting(
        0.005,
        "1",
        "a clipped sample is not a measurement; a sine clipped for 0.5 % of the time loses under "
        "0.1 % of its RMS",
        low=0.0,
        high=1.0,
    )
    settling_s: float = _setting(
        2.0,
        "s",
        "soft tissue and strap ring for 2-5 s after a movement or after the sensor is placed",
        low=0.0,
        high=30.0,
    )
    settling_low_rms_ms2: float = _setting(
        0.1,
        "m/s^2",
        "RMS in 0.5-3 Hz that tells a placement still going on from a leg at rest (0.004-0.010)",
        low=0.0,
        high=10.0,
    )
    episode_join_s: float = _setting(
        10.0,
        "s",
        "waxing and waning (correlation 10-30 s) hides a tremor for some seconds; that does not "
        "end an episode",
        low=0.0,
        high=120.0,
    )
    episode_least_share: float = _setting(
        0.34,
        "1",
        "share of the judged windows of an episode that hold tremor; odd windows strewn over a "
        "minute are not an episode",
        low=0.0,
        high=1.0,
    )
    gate_over_still: float = _setting(
        2.0,
        "1",
        "an episode must rise above the RMS of the recording's own weak windows, its still floor, "
        "by this factor",
        low=1.0,
        high=100.0,
    )
    episode_least_s: float = _setting(
        8.0,
        "s",
        "a fidget lasts up to 6 s and reaches into two windows; a tremor that is worth a number "
        "lasts longer",
        low=0.0,
        high=600.0,
    )
    still_least_s: float = _setting(
        4.0, "s", "with less than one still window there is nothing to say", low=0.0, high=600.0
    )
    rest_break_s: float = _setting(
        20.0,
        "s",
        "a movement this long ends a rest; a shorter one, such as a leg shifted, interrupts it",
        low=0.0,
        high=600.0,
    )
    movement_join_s: float = _setting(
        10.0,
        "s",
        "movements with a shorter pause between them are one: nobody rests for so short a time",
        low=0.0,
        high=600.0,
    )
    run_least_s: float = _setting(
        60.0,
        "s",
        "movement this long is the run, and the rest is sought after it; a walk indoors is shorter",
        low=0.0,
        high=3600.0,
    )
    baseline_least_s: float = _setting(
        20.0,
        "s",
        "still time before the run that gives a level: the mean of five windows of 4 s is known to "
        "about 7 %",
        low=4.0,
        high=3600.0,
    )
    recovery_least_tremor_windows: float = _setting(
        3.0,
        "1",
        "windows of a rest with tremor, below which there is nothing to recover from",
        low=1.0,
        high=1000.0,
    )
    recovery_least_points: float = _setting(
        8.0,
        "1",
        "fewer points cannot carry a level, a time constant and a floor beside their own scatter",
        low=4.0,
        high=1000.0,
    )
    recovery_least_rest_s: float = _setting(
        30.0,
        "s",
        "a shorter rest holds one or two swings of the waxing and waning",
        low=8.0,
        high=3600.0,
    )
    decays_least_log_bayes: float = _setting(
        1.3,
        "1",
        "natural log of the evidence for decay over constant, 3.7 to 1: constant tremor that waxes "
        "and wanes (log sd 0.25-0.4 over 10-30 s) reaches it in at most 7 % of records",
        low=0.0,
        high=20.0,
    )
    decays_least_drop: float = _setting(
        0.3,
        "1",
        "share of the tremor gone, by the median, for a decay: less is within one swing of the "
        "waxing and waning",
        low=0.0,
        high=1.0,
    )
    persists_most_drop: float = _setting(
        0.3,
        "1",
        "upper 95 % limit of the share gone, below which the tremor persists",
        low=0.0,
        high=1.0,
    )
    persists_least_rest_s: float = _setting(
        270.0,
        "s",
        "persistence is more than a short rest shows: the five minutes that are asked for, less "
        "what settling and the last window take",
        low=0.0,
        high=36000.0,
    )
    half_life_least_taus_fitted: float = _setting(
        2.0,
        "1",
        "rest over time constant, below which level, floor and half-life cannot be told apart",
        low=0.5,
        high=20.0,
    )
    half_life_least_taus_known: float = _setting(
        1.0,
        "1",
        "the same with the floor known from before the run, which leaves one unknown less",
        low=0.5,
        high=20.0,
    )
    reliable_taus_fitted: float = _setting(
        5.0,
        "1",
        "rest over time constant that is asked for: over two, the half-lives that can be given are "
        "a quarter too short by the median; over five they are right",
        low=1.0,
        high=50.0,
    )
    reliable_taus_known: float = _setting(
        3.0,
        "1",
        "the same with the floor known from before the run",
        low=1.0,
        high=50.0,
    )
    settled_most_ratio: float = _setting(
        10.0,
        "1",
        "interval of a half-life, high over low, that asks for no more rest; a wider one is given "
        "all the same, as keeping the narrow ones keeps those that are short by chance",
        low=1.0,
        high=1000.0,
    )
    bounded_tau_over_rest: float = _setting(
        3.0,
        "1",
        "time constants beyond this multiple of the rest are no upper limit but the edge of what "
        "was searched",
        low=1.0,
        high=20.0,
    )
    floor_overruled_log_bayes: float = _setting(
        -1.0,
        "1",
        "natural log of the evidence for a fitted floor over the level before the run, above which "
        "that is not used: tremor may stay raised for hours, and a floor that is too low makes the "
        "half-life up to four times too long",
        low=-20.0,
        high=20.0,
    )
    lead_most_s: float = _setting(
        20.0,
        "s",
        "the fit is carried back to the start of the rest over no more than this; settling after "
        "the last step takes less",
        low=0.0,
        high=600.0,
    )
    rest_asked_s: float = _setting(
        300.0,
        "s",
        "rest that is asked for at first: five time constants of a minute",
        low=30.0,
        high=3600.0,
    )
    more_rest_least_s: float = _setting(
        60.0, "s", "less is not worth another recording", low=0.0, high=3600.0
    )
    rest_most_s: float = _setting(
        1800.0,
        "s",
        "no rest beyond half an hour is asked for: that leg is then no longer resting from the run",
        low=60.0,
        high=36000.0,
    )

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            _check_limits(item, getattr(self, item.name))
        if self.band_high_hz <= self.band_low_hz:
            raise InvalidInputError(
                f"band {self.band_low_hz:g}-{self.band_high_hz:g} Hz is empty; "
                "give an upper edge above the lower one"
            )
        if self.step_s > self.window_s:
            raise InvalidInputError(
                f"step of {self.step_s:g} s is longer than the window of {self.window_s:g} s; "
                "samples between windows would be lost: lower step_s"
            )

    def to_dict(self) -> dict[str, float]:
        """Give every setting by name."""
        return dataclasses.asdict(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Make settings of names and numbers.

        Parameters
        ----------
        values : mapping
            Any of the settings; the others keep their defaults.

        Returns
        -------
        AnalysisSettings
            The settings.

        Raises
        ------
        InvalidInputError
            Where a name is unknown or a value is not a number within its limits.
        """
        return cls()._replaced(values)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read settings from a TOML file of ``name = number`` lines.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        AnalysisSettings
            The settings.

        Raises
        ------
        InvalidInputError
            Where the file is missing, is not TOML, or holds something unknown.
        """
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InvalidInputError(
                f"settings file {Path(path).name} cannot be read: {error.strerror}"
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInputError(
                f"settings file {Path(path).name} is not TOML: {error}; write lines such as "
                "window_s = 4.0"
            ) from error
        return cls.from_mapping(values)

    def with_overrides(self, pairs: Iterable[str]) -> Self:
        """Replace settings given as ``key=value`` text.

        Parameters
        ----------
        pairs : iterable of str
            As typed on the command line.

        Returns
        -------
        AnalysisSettings
            The settings with those replaced.

        Raises
        ------
        InvalidInputError
            Where a pair cannot be read.
        """
        values: dict[str, Any] = {}
        for pair in pairs:
            key, equals, text = pair.partition("=")
            if not equals:
                raise InvalidInputError(f"setting {pair!r} has no '='; write KEY=VALUE")
            try:
                values[key.strip()] = float(text)
            except ValueError as error:
                raise InvalidInputError(
                    f"setting {key.strip()} is {text!r}; give a number"
                ) from error
        return self._replaced(values)

    def _replaced(self, values: Mapping[str, Any]) -> Self:
        known = {item.name for item in dataclasses.fields(self)}
        for key, value in values.items():
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
                raise InvalidInputError(f"there is no setting {key!r}; {hint}")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InvalidInputError(f"setting {key} is {value!r}; give a number")
        return dataclasses.replace(self, **{key: float(value) for key, value in values.items()})


def heartbeat_limit(
    settings: AnalysisSettings, *, length_s: npt.ArrayLike, n_looks: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Give the limit of the median heartbeat score of some windows.

    Parameters
    ----------
    settings : AnalysisSettings
        The limit for one window of 4 s.
    length_s : array_like
        Length of the windows, s.
    n_looks : array_like
        How many windows; those that overlap by half count as one each.

    Returns
    -------
    ndarray
        About 1 % of tremor lies above it for every length and number: the score is the highest of
        many lags, so that its mean falls with the scatter, as the root of the length.

    Examples
    --------
    >>> limit = heartbeat_limit(AnalysisSettings(), length_s=[4.0, 10.0], n_looks=[1, 5])
    >>> [round(float(one), 2) for one in limit]
    [0.51, 0.24]
    """
    by_length = (_LENGTH_OF_LIMIT_S / np.asarray(length_s, dtype=np.float64)) ** 0.5
    by_looks = _SHARE_OF_MANY + (1.0 - _SHARE_OF_MANY) * (
        np.asarray(n_looks, dtype=np.float64) ** -0.7
    )
    return np.asarray(settings.most_heartbeat_score * by_length * by_looks)


def _check_limits(item: dataclasses.Field[Any], value: float) -> None:
    low, high, unit = item.metadata["low"], item.metadata["high"], item.metadata["unit"]
    if not (math.isfinite(value) and low <= value <= high):
        unit = "" if unit == "1" else f" {unit}"
        raise InvalidInputError(
            f"{item.name} is {value:g}{unit}; allowed is {low:g} to {high:g}{unit}"
        )
