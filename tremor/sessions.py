"""Sessions read and compared: of one leg before and after, of the left and the right, over weeks.

What is computed is in `tremor.comparison`, and what is said in `tremor.report`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, Union

import numpy as np

from tremor.analysis.clock_offset import Lateness
from tremor.analysis.leg_coherence import coherence_of_legs
from tremor.baselines import level_before
from tremor.comparison.changes import compare_analyses
from tremor.comparison.names import distinct_names, shortest_tails
from tremor.comparison.protocol import unlike
from tremor.comparison.trend import trend_of
from tremor.errors import CaptureNotFoundError, InvalidInputError, TremorError, UnlikeSessionsError
from tremor.formats.folder.arrivals import PacketArrivals, read_arrivals
from tremor.formats.folder.manifest import MANIFEST_FILE, is_baseline, part_of, read_manifest
from tremor.notes import Note, note
from tremor.opening import open_recording
from tremor.pipeline import RestInfo, SettingsLike, analyze
from tremor.recording import Placement, Recording
from tremor.report.messages import sentence, sentences
from tremor.results.analysis import Analysis
from tremor.settings import LEGS

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.comparison import Comparison, LegCoherence, Repeating, Trend

__all__ = ["Session", "SessionLike", "captures_of", "compare", "trend"]

#: What `compare` takes.
SessionLike: TypeAlias = Union["Session", Analysis, str, "os.PathLike[str]"]
Settings: TypeAlias = SettingsLike
#: Called with the name of what is read next, its number and how many there are.
Progress: TypeAlias = Callable[[str, int, int], object]

_JSON: Final = ".json"
#: What `tremor simulate` writes beside a capture.
_TRUTH: Final = ".truth.json"
#: Endings of what lies beside captures.
_NEVER_A_CAPTURE: Final = frozenset(
    {".html", ".toml", ".png", ".svg", ".pdf", ".md", ".ipynb", ".py"}
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Session:
    """One session of a runner: one leg at rest after a run, or both at once.

    Parameters
    ----------
    name : str
        Name of its file or folder.
    legs : tuple of Analysis
        A result for each sensor, that of the left leg first.
    coherence : LegCoherence or None
        How far two legs move in step; None for one leg, or without a common clock.
    paths : tuple of Path
        Where each leg was read from; empty for results in memory.
    """

    name: str
    legs: tuple[Analysis, ...]
    coherence: LegCoherence | None = None
    paths: tuple[Path, ...] = ()

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        *,
        settings: Settings = None,
        context: Context | Mapping[str, object] | None = None,
    ) -> Self:
        """Read a session and measure it as its report does, unless it is a saved result.

        A recording is held against the level of the leg before the run where one belongs to it.

        Parameters
        ----------
        path : path
            A capture, the folder of a recording, the folder of a session of several sensors, or a
            result that ``tremor analyze --json`` wrote.
        settings, context
            As in `tremor.analyze`; not used for a saved result.

        Returns
        -------
        Session
            With one leg or two.

        Raises
        ------
        TremorError
            As in `tremor.analyze`.
        """
        path = Path(path)
        if path.suffix == _JSON and path.is_file() and (saved := _saved(path)) is not None:
            return cls(name=path.name, legs=(saved,), paths=(path,))
        folders = _sensor_folders(path)
        legs = [
            analyze(one, settings=settings, context=context, rest=_rest(one, path.parent, settings))
            for one in folders or [path]
        ]
        if not folders:
            return cls(name=path.name, legs=(legs[0],), paths=(path,))
        return cls.of_legs(path.name, legs, folders)

    @classmethod
    def of_legs(cls, name: str, legs: Sequence[Analysis], paths: Sequence[Path]) -> Self:
        """Make the session of legs that were measured already.

        Parameters
        ----------
        name : str
            Name of the session.
        legs : sequence of Analysis
            Their results.
        paths : sequence of path
            Their recordings, which are read again for the coherence.

        Returns
        -------
        Session
            The left leg first.
        """
        ranked = sorted(zip(legs, paths, strict=True), key=lambda one: _side(one[0]) != "left")
        return cls(
            name=name,
            legs=tuple(leg for leg, _ in ranked),
            coherence=_coherence([leg for leg, _ in ranked], [one for _, one in ranked]),
            paths=tuple(one for _, one in ranked),
        )

    def leg(self, side: str | None = None) -> Analysis:
        """Return the result of one leg.

        Parameters
        ----------
        side : {"left", "right"}, optional
            Which; not needed for one leg.

        Returns
        -------
        Analysis
            Its result.

        Raises
        ------
        InvalidInputError
            If there is no such leg, or several and none was named.
        """
        leg, _ = self.placed_leg(side)
        return leg

    def placed_leg(self, side: str | None = None) -> tuple[Analysis, Path | None]:
        """Return the result of one leg and where it was read from.

        Parameters
        ----------
        side : {"left", "right"}, optional
            Which; not needed for one leg.

        Returns
        -------
        leg : Analysis
            Its result.
        path : Path or None
            None for a result in memory.

        Raises
        ------
        InvalidInputError
            As `leg`.
        """
        found = [one for one in self.located() if side is None or _side(one[0]) == side]
        if len(found) == 1:
            return found[0]
        if side is None:
            raise InvalidInputError(
                f"{self.name} holds {len(self.legs)} legs; choose with --side (side=)"
            )
        raise InvalidInputError(f"{self.name} holds no {side} leg")

    def located(self) -> tuple[tuple[Analysis, Path | None], ...]:
        """Return each leg with where it was read from; None for a result in memory."""
        paths = self.paths or (None,) * len(self.legs)
        return tuple(zip(self.legs, paths, strict=True))

    def worn_at(self, placement: Placement | None) -> Self:
        """Return the session with a placement for legs that do not say where they were worn."""
        if placement is None:
            return self
        legs = tuple(
            leg
            if leg.recording.placement is not None
            else replace(leg, recording=replace(leg.recording, placement=placement))
            for leg in self.legs
        )
        return replace(self, legs=legs)


def _saved(path: Path) -> Analysis | None:
    """Return a saved result; None if the file is something else."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    if '"tremor.analysis/' not in text[:200]:
        return None
    return Analysis.from_json(text)


def _rest(path: Path, root: Path, settings: Settings) -> RestInfo | None:
    """Return the level before the run that a recording is held against; None for any other."""
    if not (path / MANIFEST_FILE).is_file():
        return None
    try:
        level = level_before(path, root, settings=settings)
    except TremorError:  # as in its report, which then has no such level
        return None
    return None if level is None else level.rest


def _sensor_folders(path: Path) -> list[Path]:
    """Return the recordings of a session of several sensors; empty for anything else."""
    if not path.is_dir() or (path / MANIFEST_FILE).exists():
        return []
    found = sorted(one for one in path.iterdir() if (one / MANIFEST_FILE).is_file())
    return found if len(found) == 2 and _are_of_one_session(found) else []


def _are_of_one_session(folders: Sequence[Path]) -> bool:
    """Check whether two recordings can have been made at once; two sessions of one leg cannot."""
    one, other = (_manifest_of(folder) for folder in folders)
    if one["started_at"] and other["started_at"]:
        begins = [datetime.fromisoformat(str(each["started_at"])) for each in (one, other)]
        if abs((begins[1] - begins[0]).total_seconds()) > LEGS.most_apart_s:
            return False
    return any(one[name] != other[name] or not one[name] for name in ("placement", "sensor"))


def _manifest_of(folder: Path) -> dict[str, object]:
    """Return what tells recordings of one session from others; empty where nothing is known."""
    document = read_manifest(folder) or {}
    sensor = part_of(document, "sensor")
    return {
        "started_at": document.get("started_at"),
        "placement": document.get("placement"),
        "sensor": sensor.get("serial") or sensor.get("name"),
    }


def _side(analysis: Analysis) -> str:
    placement = analysis.recording.placement
    return placement.side if placement else ""


def _coherence(legs: Sequence[Analysis], paths: Sequence[Path]) -> LegCoherence | None:
    """Return the coherence at the frequency of the stronger tremor."""
    shaking = [leg for leg in legs if leg.summary.frequency_hz.value is not None]
    if len(legs) != 2 or not shaking:
        return None
    strongest = max(shaking, key=lambda leg: leg.summary.rms_ms2.value or 0.0)
    frequency_hz = strongest.summary.frequency_hz.value
    assert frequency_hz is not None
    with open_recording(paths[0]) as one, open_recording(paths[1]) as other:
        return coherence_of_legs(
            one, other, frequency_hz=frequency_hz, lateness=_lateness((one, other), paths)
        )


def _lateness(legs: Sequence[Recording], paths: Sequence[Path]) -> tuple[Lateness, Lateness] | None:
    """Return how late the packets of two recordings came on one clock; None if it is not known."""
    found = [read_arrivals(path) if path.is_dir() else None for path in paths]
    if found[0] is None or found[1] is None:
        return None
    # Only recorders of one session share the moment that their times count from.
    if found[0].zero_s is None or found[0].zero_s != found[1].zero_s:
        return None
    one, other = (_late(leg, arrivals) for leg, arrivals in zip(legs, found, strict=True))
    return None if one is None or other is None else (one, other)


def _late(leg: Recording, arrivals: PacketArrivals | None) -> Lateness | None:
    """Hold the arrival of each packet against the time of its last sample on the even grid."""
    samples = leg.samples.read(0, len(leg.samples))
    is_there = np.isfinite(samples).all(axis=1)
    was_set = any(one.clock_set_by_s for one in leg.segments)
    # Rows that were put together anew do not correspond to those of the table.
    if arrivals is None or was_set or np.count_nonzero(is_there) != len(arrivals.arrival_s):
        return None
    last = np.flatnonzero(np.diff(arrivals.arrival_s, append=np.inf) != 0.0)
    time_s = leg.times()[is_there][last]
    late_s = arrivals.arrival_s[last] - arrivals.first_s - time_s
    return Lateness(time_s, late_s, arrivals.kind)


def compare(
    *sessions: SessionLike,
    side: str | None = None,
    placement: str | None = None,
    force: bool = False,
    settings: Settings = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare sessions of one leg with the first of them, or the two legs of one session.

    Parameters
    ----------
    *sessions : Session, Analysis or path
        Two or more; one that holds both legs is enough.
    side : {"left", "right"}, optional
        Which leg of sessions that hold both.
    placement : str, optional
        Such as ``left-calf``, for sessions that do not say where the sensor was worn.
    force : bool
        Whether to compare what is unlike, such as another placement, posture, band or gravity.
    settings
        As in `tremor.analyze`, for what is given as a path.
    progress : callable, optional
        Called before each is read.

    Returns
    -------
    Comparison
        Changes as factors, each with the least factor that is more than chance.

    Raises
    ------
    InvalidInputError
        If there are too few, or it is not clear which leg is meant.
    UnlikeSessionsError
        If they are unlike and `force` is not set.
    TremorError
        If one cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> def session(strength_ms2):
    ...     t = np.arange(6000) / 100.0
    ...     shake = strength_ms2 * np.sin(2 * np.pi * 8.0 * t)[:, None] * [0.6, 0.8, 0.0]
    ...     return analyze(
    ...         [0, 0, 9.81] + shake + rng.normal(0, 0.01, (6000, 3)), sampling_rate_hz=100.0
    ...     )
    >>> found = compare(session(0.1), session(0.4)).changes[2]
    >>> found.quantity, round(found.factor.value, 1), found.verdict
    ('rms_ms2', 4.0, 'rose')
    """
    worn = None if placement is None else Placement.from_text(placement)
    read = [
        _session(one, settings, progress, index, len(sessions)).worn_at(worn)
        for index, one in enumerate(sessions)
    ]
    if len(read) == 1 and len(read[0].legs) == 2 and side is None:
        legs, coherence = read[0].located(), read[0].coherence
    else:
        legs, coherence = tuple(one.placed_leg(side) for one in read), None
    analyses = [leg for leg, _ in legs]
    names = distinct_names([leg.source.name for leg in analyses], [path for _, path in legs])
    found = compare_analyses(analyses, names=names, coherence=coherence)
    if found.unlike and not force:
        raise UnlikeSessionsError(
            f"unlike sessions: {sentences(found.unlike)}; --force (force=True) compares them "
            "all the same"
        )
    asked = {"side": side, "placement": placement, "force": force}
    return replace(found, repeating=_repeating(found.repeating, sessions, asked))


def _repeating(
    made: Repeating, sessions: Sequence[SessionLike], asked: Mapping[str, str | bool | None]
) -> Repeating:
    """Return how a comparison was asked for, by the names that were given."""
    options = {name: "" if value is True else str(value) for name, value in asked.items() if value}
    paths = [Path(one) for one in sessions if isinstance(one, str | os.PathLike)]
    if len(paths) == len(sessions):
        return replace(made, given=shortest_tails(paths), options=options)
    names = tuple(_name(one) for one in sessions)
    return replace(made, given=names, options=options)


def _session(
    one: SessionLike, settings: Settings, progress: Progress | None, index: int, n: int
) -> Session:
    if isinstance(one, Session):
        return one
    if isinstance(one, Analysis):
        return Session(name=one.source.name, legs=(one,))
    if progress is not None:
        progress(Path(one).name, index, n)
    return Session.read(one, settings=settings)


def trend(
    sessions: str | os.PathLike[str] | Iterable[SessionLike],
    *,
    placement: str | None = None,
    force: bool = False,
    settings: Settings = None,
    progress: Progress | None = None,
) -> Trend:
    """Estimate how one leg changes over weeks.

    Parameters
    ----------
    sessions : path, or iterable of Session, Analysis or path
        A folder of recordings, captures or saved results; or the sessions themselves.
    placement : str, optional
        Which leg, such as ``left-calf``; not needed if there is only one. Sessions that do not say
        where the sensor was worn count as of it.
    force : bool
        Whether to keep sessions that are unlike the first, such as of another posture or band.
    settings, progress
        As in `compare`.

    Returns
    -------
    Trend
        With what was left out, and why.

    Raises
    ------
    InvalidInputError
        If there is no session, or several placements and none was named.
    CaptureNotFoundError
        If there is no such folder, or nothing in it.
    """
    paths: list[Any] = (
        list(captures_of(Path(sessions)))
        if isinstance(sessions, str | os.PathLike)
        else list(sessions)
    )
    if not paths and isinstance(sessions, str | os.PathLike):
        raise CaptureNotFoundError(
            f"{os.fspath(sessions)} holds no recording, capture or saved result; give the folder "
            "that holds them"
        )
    left_out: list[Note] = []
    legs: list[tuple[Analysis, Path | None]] = []
    worn = None if placement is None else Placement.from_text(placement)
    for index, one in enumerate(paths):
        try:
            read = _session(one, settings, progress, index, len(paths))
        except TremorError as error:
            left_out.append(note("SESSION_UNREADABLE", name=_name(one), why=_cause(error, one)))
        else:
            legs += read.worn_at(worn).located()
    names = distinct_names([leg.source.name for leg, _ in legs], [path for _, path in legs])
    named = [(leg, name) for (leg, _), name in zip(legs, names, strict=True)]
    used = _alike(_of_placement(named, placement), left_out, force=force)
    if not used:
        why = "; ".join(map(sentence, left_out)) or "there is none"
        raise InvalidInputError(f"no session can be used: {why}")
    found = trend_of([leg for leg, _ in used], names=[name for _, name in used], left_out=left_out)
    given = [sessions] if isinstance(sessions, str | os.PathLike) else paths
    asked = {"placement": placement, "force": force}
    return replace(found, repeating=_repeating(found.repeating, given, asked))


def _alike(
    legs: Sequence[tuple[Analysis, str]], left_out: list[Note], *, force: bool
) -> list[tuple[Analysis, str]]:
    """Return the legs with a time that are like the first; what is left out is added with why."""
    used: list[tuple[Analysis, str]] = []
    by_hash: dict[str, str] = {}
    for leg, name in sorted(legs, key=lambda one: str(one[0].recording.started_at)):
        sha256 = leg.source.sha256
        if leg.recording.started_at is None:
            left_out.append(note("SESSION_WITHOUT_TIME", name=name))
        elif sha256 and by_hash.setdefault(sha256, name) != name:
            left_out.append(note("SESSION_TWICE", name=name, other=by_hash[sha256]))
        elif (
            used
            and not force
            and (why := unlike([used[0][0], leg], sides_differ=False, names=[used[0][1], name]))
        ):
            left_out.append(note("SESSION_UNLIKE", name=name, why=why))
        else:
            used.append((leg, name))
    return used


def _cause(error: TremorError, one: SessionLike) -> str:
    """Return the first clause of an error, without the path that it begins with."""
    clause = str(error).splitlines()[0].split(";")[0]
    for name in (str(one), _name(one)):
        clause = clause.removeprefix(f"{name}: ").removeprefix(f"{name} ")
    return clause


def _name(one: SessionLike) -> str:
    if isinstance(one, Analysis):
        return one.source.name
    return one.name if isinstance(one, Session) else Path(one).name


def captures_of(folder: Path) -> tuple[Path, ...]:
    """List what may be a session in a folder.

    Parameters
    ----------
    folder : Path
        It holds recordings, captures or saved results.

    Returns
    -------
    tuple of Path
        By name, without what is hidden, without pages, pictures and settings, and without
        recordings of a leg at rest before the run.

    Raises
    ------
    CaptureNotFoundError
        If it does not exist.
    InvalidInputError
        If it is no folder, or itself a recording.
    """
    if not folder.exists():
        raise CaptureNotFoundError(f"{folder} does not exist; give the folder of the sessions")
    if not folder.is_dir():
        raise InvalidInputError(f"{folder} is no folder; give the folder of the sessions")
    if (folder / MANIFEST_FILE).exists() or _sensor_folders(folder):
        raise InvalidInputError(f"{folder} is one session; give the folder that holds several")
    return tuple(
        sorted(
            one
            for one in folder.iterdir()
            if not one.name.startswith(".")
            and one.suffix.lower() not in _NEVER_A_CAPTURE
            and not one.name.endswith(_TRUTH)
            and (one.is_file() or _is_session(one))
        )
    )


def _is_session(folder: Path) -> bool:
    folders = [folder] if (folder / MANIFEST_FILE).exists() else _sensor_folders(folder)
    return bool(folders) and not any(map(_is_baseline, folders))


def _is_baseline(folder: Path) -> bool:
    try:
        return is_baseline(folder)
    except TremorError:  # why it cannot be read is found when it is
        return False


def _of_placement(
    legs: Sequence[tuple[Analysis, str]], placement: str | None
) -> list[tuple[Analysis, str]]:
    def key(leg: tuple[Analysis, str]) -> str:
        return str(leg[0].recording.placement or "")

    groups = {name: list(some) for name, some in groupby(sorted(legs, key=key), key=key)}
    listed = ", ".join(f"{name or 'unknown'} ({len(some)})" for name, some in groups.items())
    if placement is not None:
        if placement not in groups:
            raise InvalidInputError(f"no session is of {placement}; there are {listed or 'none'}")
        return groups[placement]
    if len(groups) > 1:
        raise InvalidInputError(
            f"the sessions are of several placements: {listed}; choose one with --placement "
            "(placement=)"
        )
    return next(iter(groups.values()), [])
