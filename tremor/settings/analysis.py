"""The settings of an analysis that a user may change, by name, by file or as ``key=value`` text.

The numbers themselves, with their reasons, stand in `windows`, `sessions` and `recoveries`.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from tremor.errors import InvalidInputError
from tremor.files import read_small
from tremor.settings.bounds import TEXT_BOUNDS
from tremor.settings.recoveries import RecoverySettings
from tremor.settings.sessions import EpisodeSettings
from tremor.settings.windows import WindowSettings

__all__ = ["AnalysisSettings"]


# Fields are collected from the last base to the first: windows, episodes, recovery.
@dataclass(frozen=True, kw_only=True)
class AnalysisSettings(RecoverySettings, EpisodeSettings, WindowSettings):
    """Settings of the analysis; each field's metadata holds its unit, reason, source and limits.

    Raises
    ------
    InvalidInputError
        If a value lies outside its limits or two values contradict each other.

    Examples
    --------
    >>> AnalysisSettings().with_overrides(["band_high_hz=12"]).band_high_hz
    12.0
    """

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
        """Return every setting by name."""
        return dataclasses.asdict(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Return settings with some values replaced.

        Parameters
        ----------
        values : mapping
            Values by name; settings that are not named keep their defaults.

        Returns
        -------
        AnalysisSettings
            The settings.

        Raises
        ------
        InvalidInputError
            If a name is unknown or a value is not a number within its limits.
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
            If the file is missing, is not TOML, or holds an unknown name.
        """
        try:
            raw = read_small(Path(path), most_bytes=TEXT_BOUNDS.most_settings_bytes)
            values = _parsed(raw.decode("utf-8"))
        except OSError as error:
            raise InvalidInputError(
                f"settings file {Path(path).name} cannot be read: {error.strerror}"
            ) from error
        except (ValueError, RecursionError) as error:
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
            ``key=value`` pairs as on the command line.

        Returns
        -------
        AnalysisSettings
            The settings with those values replaced.

        Raises
        ------
        InvalidInputError
            If a pair cannot be read.
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
        try:
            numbers = {key: float(value) for key, value in values.items()}
        except OverflowError as error:
            raise InvalidInputError(
                "a setting has more digits than a number can have; shorten it"
            ) from error
        return dataclasses.replace(self, **numbers)


def _parsed(text: str) -> dict[str, Any]:
    """Parse TOML whose lines are short: nested keys take the square of their number."""
    longest = TEXT_BOUNDS.longest_settings_line
    if any(len(line) > longest for line in text.splitlines()):
        raise ValueError(f"a line has more than {longest} characters")
    return tomllib.loads(text)


def _check_limits(item: dataclasses.Field[Any], value: float) -> None:
    low, high, unit = item.metadata["low"], item.metadata["high"], item.metadata["unit"]
    if not (math.isfinite(value) and low <= value <= high):
        unit = "" if unit == "1" else f" {unit}"
        raise InvalidInputError(
            f"{item.name} is {value:g}{unit}; allowed is {low:g} to {high:g}{unit}"
        )
