"""The one road from a capture and the runner's answers to an analysis.

The commands, the guided session and Python all take it. Reading is `tremor.formats`, measuring
`tremor.analysis`, weighing `tremor.explanation`; nothing is computed and nothing is shown here.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar, Union

import numpy as np
import numpy.typing as npt

from tremor.analysis.decay import still_level
from tremor.analysis.offline import analyze as measure
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.watch_summary import with_activity
from tremor.explanation.explain import with_explanations
from tremor.formats.data_frame import recording_from_frame
from tremor.formats.readers import ReadOptions
from tremor.formats.verification import verified
from tremor.opening import open_recording
from tremor.recording import AXES, Floats, Recording
from tremor.settings import AnalysisSettings

if TYPE_CHECKING:
    import pandas as pd

    from tremor.formats.activity_file import Activity
    from tremor.results.analysis import Analysis

__all__ = [
    "ANSWERS_FILE",
    "CaptureLike",
    "ReadOptions",
    "RestInfo",
    "SettingsLike",
    "Stage",
    "analyze",
    "baseline_rms_ms2",
]

#: What `analyze` takes.
CaptureLike: TypeAlias = Union[Recording, str, "os.PathLike[str]", npt.ArrayLike, "pd.DataFrame"]
#: Thresholds and band, or those of them that differ from the usual ones.
SettingsLike: TypeAlias = AnalysisSettings | Mapping[str, float] | None
#: The two stages that take long.
Stage = Literal["read", "windows"]
_Value = TypeVar("_Value")
Progress: TypeAlias = Callable[[Stage, float], object]

_WHAT_IS_TAKEN: Final = (
    "give a Recording, a path, an (n, 3) array in m/s^2 with sampling_rate_hz=, or a DataFrame "
    "with a time column and three axes"
)
#: What a file of answers is called where they did not come from one.
ANSWERS_FILE: Final = "context.toml"
_NO_NUMBERS: Final = f"the array does not hold numbers alone; {_WHAT_IS_TAKEN}"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RestInfo:
    """What is known of the rest after the run.

    Parameters
    ----------
    start_s : float, optional
        When it began, s from the start of the capture; found from the capture without it.
    baseline : float or capture, optional
        What the tremor decays to: RMS of the leg at rest before the run, m/s^2, or a capture of
        it, of any kind that `analyze` takes.
    baseline_name : str
        Name of the capture that `baseline` was measured in, where it is a number; for the record.

    Raises
    ------
    InvalidInputError
        If a number is negative or not finite.
    """

    start_s: float | None = None
    baseline: float | CaptureLike | None = None
    baseline_name: str = ""

    def __post_init__(self) -> None:
        for name, quantity in (("start_s", "start of the rest"), ("baseline", "baseline")):
            value = getattr(self, name)
            if name == "baseline" and not isinstance(value, Real):
                continue
            if value is not None and not _is_level(value):
                raise InvalidInputError(f"{quantity} is {value!r}; give a number of 0 or more")


def analyze(
    capture: CaptureLike,
    *,
    sampling_rate_hz: float | None = None,
    settings: SettingsLike = None,
    context: Context | Mapping[str, object] | None = None,
    activity: Activity | None = None,
    rest: RestInfo | None = None,
    reading: ReadOptions | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Measure the tremor in a capture and weigh what may explain it.

    Parameters
    ----------
    capture : Recording, path, array_like of shape (n, 3), or DataFrame
        A path is that of any capture that `tremor.read` reads. An array is in m/s^2 with evenly
        spaced rows; rows of NaN are lost samples. A DataFrame has a time column or a
        `DatetimeIndex` and three axes, such as ``time_s, x, y, z`` or ``acc_x_ms2, ...``, in
        m/s^2 unless the names or ``reading`` give another unit.
    sampling_rate_hz : float, optional
        Required for an array and for a table without stamps; for a file with stamps the nominal
        rate, Hz. Takes precedence over that of ``reading``.
    settings : AnalysisSettings or mapping, optional
        Thresholds and band, such as ``{"band_high_hz": 12}``.
    context : Context or mapping, optional
        The runner's answers. They change nothing of what is measured.
    activity : Activity, optional
        Summary of a sports watch; fills in what the answers leave open.
    rest : RestInfo, optional
        What is known of the rest after the run.
    reading : ReadOptions, optional
        Facts that the capture may lack.
    progress : callable, optional
        Called with the stage, ``"read"`` or ``"windows"``, and the share of it that is done; each
        stage begins with a share of 0.

    Returns
    -------
    Analysis
        Measurement, explanations and advice. Status ``measured`` with at least one episode of
        tremor, ``no_tremor`` without, ``insufficient`` if too little could be judged.

    Raises
    ------
    InvalidInputError
        If the capture is of no kind that can be analysed, or an option is not usable.
    CaptureNotFoundError, CaptureNotRecognisedError, CaptureReadError
        If a path leads to no capture that can be read.
    ContextError
        If the answers cannot be taken.
    InsufficientDataError
        If there are fewer than two samples, or the baseline has too few still seconds.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> time_s = np.arange(3000) / 100.0
    >>> tremor_ms2 = 0.3 * np.sin(2 * np.pi * 8.0 * time_s)[:, None] * [0.6, 0.8, 0.0]
    >>> samples = [0, 0, 9.81] + tremor_ms2 + rng.normal(0, 0.01, (3000, 3))
    >>> found = analyze(samples, sampling_rate_hz=100.0, context={"rpe": 9})
    >>> round(found.summary.frequency_hz.value, 2), round(found.summary.rms_ms2.value, 3)
    (8.0, 0.212)
    >>> found.explanations[0].id
    'muscle_fatigue'
    """
    settings = _settings(settings)
    context = _context(context)
    reading = _reading(reading, sampling_rate_hz)
    _check_kinds(activity=activity, rest=rest, progress=progress)
    rest = rest or RestInfo()
    said = _said(rest, context, activity)
    baseline = _baseline(rest, settings, reading)
    with _opened(capture, reading, progress) as recording:
        measured = measure(
            recording,
            settings=settings,
            rest_start_s=rest.start_s,
            baseline_rms_ms2=baseline,
            progress=_stage(progress, "windows"),
        )
    if activity is not None:
        started_at = measured.recording.started_at
        context = with_activity(context, activity, capture_started_at=started_at)
    return replace(with_explanations(measured, context), options=said)


def _said(rest: RestInfo, context: Context, activity: Activity | None) -> dict[str, str]:
    """Return what was said of the rest and the run, as options of ``tremor analyze``."""
    said = {}
    if rest.start_s is not None:
        said["rest-start"] = str(rest.start_s)
    name = rest.baseline_name
    if isinstance(rest.baseline, str | os.PathLike):
        name = Path(rest.baseline).name
    if name:
        said["baseline"] = name
    if activity is not None:
        said["fit"] = activity.source
    if context.answered():
        said["context"] = ANSWERS_FILE
    return said


def baseline_rms_ms2(
    capture: CaptureLike,
    *,
    sampling_rate_hz: float | None = None,
    settings: SettingsLike = None,
    reading: ReadOptions | None = None,
) -> float:
    """Measure what a tremor decays to, from a capture of the leg at rest before the run.

    Parameters
    ----------
    capture, sampling_rate_hz, settings, reading
        As in `analyze`.

    Returns
    -------
    float
        RMS acceleration in the band, noise floor removed, m/s^2.

    Raises
    ------
    InsufficientDataError
        If too few seconds of it are still.
    TremorError
        As in `analyze`.
    """
    settings = _settings(settings)
    with _opened(capture, _reading(reading, sampling_rate_hz), None) as recording:
        windows = measure(recording, settings=settings).windows
    level_ms2 = still_level(windows, settings=settings) if len(windows) else None
    if level_ms2 is None:
        name = f" {os.fspath(capture)}" if isinstance(capture, str | os.PathLike) else ""
        raise InsufficientDataError(
            f"baseline{name} holds under {settings.baseline_least_s:g} s of a still leg; "
            "record a minute seated before the run"
        )
    return level_ms2


@contextmanager
def _opened(
    capture: CaptureLike, reading: ReadOptions, progress: Progress | None
) -> Iterator[Recording]:
    """Open a capture of any kind; what is opened here is closed again.

    Yields
    ------
    Recording
        In memory or on disk.
    """
    report = _stage(progress, "read")
    if isinstance(capture, str | os.PathLike):
        with open_recording(capture, reading, progress=report) as opened:
            yield opened
        return
    if reading.columns is not None:
        raise InvalidInputError("columns= is for files; name the columns of a DataFrame instead")
    yield _recording_of(capture, reading)


def _recording_of(capture: CaptureLike, reading: ReadOptions) -> Recording:
    if isinstance(capture, Recording):
        if reading.sampling_rate_hz is not None or reading.unit is not None:
            raise InvalidInputError(
                "a Recording has its sampling rate and is in m/s^2; leave sampling_rate_hz= and "
                "unit= out"
            )
        return reading.applied_to(capture)
    pandas = sys.modules.get("pandas")  # without it, nobody can have made a DataFrame
    if pandas is not None and isinstance(capture, pandas.DataFrame):
        return recording_from_frame(capture, reading)
    if isinstance(capture, list | tuple) and any(
        isinstance(one, str | os.PathLike) for one in capture
    ):
        raise InvalidInputError("several paths; analyze takes one capture, so call it for each")
    if isinstance(capture, np.ndarray | list | tuple):
        return _from_array(capture, reading)
    raise InvalidInputError(f"{type(capture).__name__} is no capture; {_WHAT_IS_TAKEN}")


def _from_array(values: object, reading: ReadOptions) -> Recording:
    if reading.sampling_rate_hz is None:
        raise InvalidInputError("an array has no clock; give sampling_rate_hz=, in Hz")
    if reading.unit is not None:
        raise InvalidInputError("an array is in m/s^2; convert it and leave unit= out")
    acceleration_ms2 = _numbers(values)
    shape = acceleration_ms2.shape
    if acceleration_ms2.ndim != 2 or shape[1] not in (1, len(AXES)):
        lies = ": transpose it" if len(shape) == 2 and shape[0] == len(AXES) else ""
        raise InvalidInputError(f"the array has shape {shape}{lies}; {_WHAT_IS_TAKEN}")
    recording = Recording.from_arrays(
        acceleration_ms2,
        sampling_rate_hz=reading.sampling_rate_hz,
        gravity=reading.gravity,
        placement=reading.placement,
    )
    return verified(recording, is_said=reading.gravity is not None)


def _numbers(values: object) -> Floats:
    """Convert an array or nested lists to numbers; masked values become NaN."""
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
        array = np.asarray(values)
        is_real = array.dtype.kind not in "bcmM"
        numbers = array.astype(np.float64) if is_real else None
    except (TypeError, ValueError) as error:
        raise InvalidInputError(_NO_NUMBERS) from error
    if numbers is None:
        raise InvalidInputError(_NO_NUMBERS)
    return numbers


def _stage(progress: Progress | None, stage: Stage) -> Callable[[float], object] | None:
    if progress is None:
        return None
    progress(stage, 0.0)
    return lambda share: progress(stage, share)


def _baseline(rest: RestInfo, settings: AnalysisSettings, reading: ReadOptions) -> float | None:
    """Return the level that the tremor decays to, m/s^2, measured if it is a capture."""
    if rest.baseline is None:
        return None
    if isinstance(rest.baseline, Real):
        return float(rest.baseline)
    if isinstance(rest.baseline, Recording):  # it has its rate and its unit, unlike the capture
        reading = replace(reading, sampling_rate_hz=None, unit=None, columns=None)
    return baseline_rms_ms2(rest.baseline, settings=settings, reading=reading)


def _is_level(value: object) -> bool:
    """Check whether a value is a number from 0 on, also one of numpy."""
    if isinstance(value, bool):
        return False
    return isinstance(value, Real) and 0.0 <= float(value) < math.inf


def _check_kinds(*, activity: object, rest: object, progress: object) -> None:
    """Raise an error if one of the grouped arguments has the wrong type."""
    if rest is not None and not isinstance(rest, RestInfo):
        raise InvalidInputError(
            f"rest is a {type(rest).__name__}; give a RestInfo such as RestInfo(start_s=40.0)"
        )
    if progress is not None and not callable(progress):
        raise InvalidInputError(
            f"progress is a {type(progress).__name__}; give a function of stage and share"
        )
    if activity is None:
        return
    from tremor.formats.activity_file import Activity

    if not isinstance(activity, Activity):
        raise InvalidInputError(
            f"activity is a {type(activity).__name__}; give an Activity, which "
            "tremor.formats.activity_file.read_activity reads from a file"
        )


def _reading(given: ReadOptions | None, sampling_rate_hz: float | None) -> ReadOptions:
    if given is not None and not isinstance(given, ReadOptions):
        raise InvalidInputError(
            f"reading is a {type(given).__name__}; give ReadOptions such as ReadOptions(unit='g')"
        )
    reading = given or ReadOptions()
    return (
        reading if sampling_rate_hz is None else replace(reading, sampling_rate_hz=sampling_rate_hz)
    )


def _with_text_keys(given: Mapping[str, _Value], name: str) -> Mapping[str, _Value]:
    wrong = [key for key in given if not isinstance(key, str)]
    if wrong:
        raise InvalidInputError(f"{name}: {wrong[0]!r} is no key; keys are names, as text")
    return given


def _settings(given: AnalysisSettings | Mapping[str, float] | None) -> AnalysisSettings:
    if isinstance(given, AnalysisSettings):
        return given
    if given is None:
        return AnalysisSettings()
    if isinstance(given, Mapping):
        return AnalysisSettings.from_mapping(_with_text_keys(given, "settings"))
    raise InvalidInputError(
        f"settings are a {type(given).__name__}; give AnalysisSettings or a mapping such as "
        "{'band_high_hz': 12}"
    )


def _context(given: Context | Mapping[str, object] | None) -> Context:
    if isinstance(given, Context):
        return given
    if given is None:
        return Context()
    if isinstance(given, Mapping):
        return Context(**_with_text_keys(given, "context"))
    raise InvalidInputError(
        f"context is a {type(given).__name__}; give a Context or a mapping such as {{'rpe': 8}}"
    )
