"""Captures as all of the tool opens them: what a recording folder lost is decoded again.

Reading what is in a file is `tremor.formats`, which knows no decoder; the decoding is
`tremor.redecoding`. The rows of a recording are a copy of what its packets hold: where a crash, a
full disk or a damaged byte took some of them, the packets bring them back.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

from tremor.errors import CaptureReadError, InsufficientDataError, TremorError
from tremor.formats.csv.options import LayoutKeywords
from tremor.formats.folder.checks import check_folder, names_file, packets_may_hold_more
from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE
from tremor.formats.readers import Progress, ReadOptions, open_capture
from tremor.notes import note
from tremor.recording import Gravity, Placement, Recording

if TYPE_CHECKING:
    from tremor.redecoding import Redecoded

__all__ = ["open_recording", "read"]


def read(
    path: str | os.PathLike[str],
    *,
    columns: str | None = None,
    unit: str | None = None,
    sampling_rate_hz: float | None = None,
    gravity: Gravity | None = None,
    placement: Placement | str | None = None,
    **layout: Unpack[LayoutKeywords],
) -> Recording:
    """Read a capture.

    Parameters
    ----------
    path : path
        A file, a zip archive, or a recording folder.
    columns : str, optional
        Declared columns, such as ``time_ns,x,y,z,_``, for a file that no format claims.
    unit : str, optional
        Unit of acceleration; takes precedence over the file.
    sampling_rate_hz : float, optional
        Rate of a file without a time column, Hz; with one, only its nominal rate.
    gravity : {"included", "removed"}, optional
        Whether the samples include gravity; takes precedence over the file.
    placement : Placement or str, optional
        Such as ``left-calf``; takes precedence over the file.
    **layout : str, optional
        ``time_unit``, ``delimiter``, ``decimal``, ``format`` and ``source`` of `ReadOptions`; each
        takes precedence over the file.

    Returns
    -------
    Recording
        In memory, m/s^2 on an even grid; lost samples are rows of NaN. The scale correction is
        found, not applied.

    Raises
    ------
    CaptureNotFoundError
        If the file does not exist.
    CaptureNotRecognisedError
        If no format claims it.
    CaptureReadError
        If its rows cannot be read.
    InsufficientDataError
        If it holds fewer than two samples.
    InvalidInputError
        If an option is not usable.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "still.csv"
    >>> rows = "".join(f"{i / 101:.6f},0,0,9.81" + chr(10) for i in range(300))
    >>> _ = path.write_text("time_s,x,y,z" + chr(10) + rows)
    >>> recording = read(path)
    >>> round(recording.sampling_rate_hz, 2), recording.unit_in
    (101.0, 'm/s^2')
    >>> folder.cleanup()
    """
    options = ReadOptions(
        columns=columns,
        unit=unit,
        sampling_rate_hz=sampling_rate_hz,
        gravity=gravity,
        placement=placement,
        **layout,
    )
    with open_recording(path, options) as recording:
        return recording.in_memory()


def open_recording(
    path: str | os.PathLike[str],
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Recording:
    """Open a capture of any length in little memory.

    Parameters
    ----------
    path, options, progress
        As for `tremor.formats.readers.open_capture`.

    Returns
    -------
    Recording
        To be closed after use, best with ``with``. Of a recording folder whose rows are not all
        that was received, the packets decoded again, with a warning.

    Raises
    ------
    TremorError
        As `tremor.formats.readers.open_capture`.
    """
    options = options or ReadOptions()
    opened: Recording | None = None
    try:
        opened = open_capture(path, options, progress=progress)
    except (CaptureReadError, InsufficientDataError):
        decoded = _decoded(path)
        if decoded is None:
            raise
    else:
        decoded = _decoded(path) if packets_may_hold_more(opened.warnings) else None
    if decoded is None or (opened is not None and decoded.recording.n_samples < opened.n_samples):
        assert opened is not None
        return opened
    mended = _mended(Path(path), opened, decoded)
    if opened is not None:
        opened.close()
    return options.applied_to(mended)


def _decoded(path: str | os.PathLike[str]) -> Redecoded | None:
    """Decode the packets of a recording again; None if there are none, or nobody knows how."""
    folder = Path(path)
    if not (folder / PACKETS_FILE).is_file():
        return None
    from tremor.redecoding import redecode

    try:
        return redecode(folder)
    except TremorError:
        return None


def _mended(folder: Path, opened: Recording | None, decoded: Redecoded) -> Recording:
    """Return packets that were decoded again as a recording, with what is to be said of it."""
    n_rows = 0 if opened is None else opened.n_samples
    recording = decoded.recording
    found = check_folder(folder, last_s=decoded.last_s)
    read = () if opened is None else opened.warnings
    is_doubtful = names_file(found, SAMPLES_FILE) or any(
        one.code in _OF_THE_ROWS for one in (*found, *read)
    )
    if opened is not None and names_file(found, MANIFEST_FILE):
        # The lines before the rows name them as well.
        recording = replace(
            recording,
            placement=opened.placement,
            sensor=opened.sensor,
            started_at=opened.started_at,
        )
    mended = note("SAMPLES_MENDED", n_rows=n_rows, n_samples=recording.n_samples)
    is_mended = is_doubtful or n_rows != recording.n_samples
    said = (*found, *((mended,) if is_mended else ()), *recording.warnings)
    return replace(recording, warnings=said)


#: What decoding the packets again mends.
_OF_THE_ROWS: Final = frozenset({"DAMAGED_ROWS", "DISK_DROPPED"})
