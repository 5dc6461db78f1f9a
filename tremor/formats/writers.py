"""The table of formats that recordings are written in.

To add one, write a function and add an entry to `WRITERS`. How files are written is in the module
of each format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tremor.recording import Recording

__all__ = ["WRITERS", "WriteOptions", "Writer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """Options of writers; each takes those that concern it.

    Parameters
    ----------
    overwrite : bool
        Whether an existing file may be replaced.
    subject, task : str
        Labels of a BIDS dataset.
    """

    overwrite: bool = False
    subject: str = "01"
    task: str = "rest"


@dataclass(frozen=True, slots=True)
class Writer:
    """A format that recordings are written in.

    Parameters
    ----------
    name : str
        Name for people.
    write : callable
        Takes recording, path and options; returns the paths of the files it wrote, and raises
        `TremorError` if it cannot.
    makes_folder : bool
        Whether the path is that of a folder.
    is_read : bool
        Whether this package reads what was written.
    """

    name: str
    write: Callable[[Recording, Path, WriteOptions], tuple[Path, ...]]
    makes_folder: bool = False
    is_read: bool = True


# Each module is imported on use: the names of the formats must cost nothing.


def _write_csv(recording: Recording, path: Path, options: WriteOptions) -> tuple[Path, ...]:
    from tremor.formats.csv.native import write_recording_csv

    write_recording_csv(path, recording, overwrite=options.overwrite)
    return (path,)


def _write_parquet(recording: Recording, path: Path, options: WriteOptions) -> tuple[Path, ...]:
    from tremor.formats.parquet import write_recording_parquet

    write_recording_parquet(path, recording, overwrite=options.overwrite)
    return (path,)


def _write_bids(recording: Recording, path: Path, options: WriteOptions) -> tuple[Path, ...]:
    from tremor.formats.bids import write_recording_bids

    return write_recording_bids(path, recording, subject=options.subject, task=options.task)


def _write_mcap(recording: Recording, path: Path, options: WriteOptions) -> tuple[Path, ...]:
    from tremor.formats.mcap import write_recording_mcap

    write_recording_mcap(path, recording, overwrite=options.overwrite)
    return (path,)


#: Writers by slug.
WRITERS: Final[Mapping[str, Writer]] = MappingProxyType(
    {
        "csv": Writer("native CSV", _write_csv),
        "parquet": Writer("Parquet", _write_parquet),
        "bids": Writer("BIDS dataset of the modality motion", _write_bids, makes_folder=True),
        "mcap": Writer("MCAP", _write_mcap, is_read=False),
    }
)
