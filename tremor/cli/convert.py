"""``tremor convert``: a capture in the native form, or in one for exchange."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.options import (
    CaptureOptions,
    capture_options,
    check_devices,
    common_options,
    overwrite_option,
)
from tremor.cli.paths import PATH
from tremor.cli.streams import echo, print_json, warn, warn_of_capture
from tremor.counted import counted
from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import real_path, refuse_existing, require_parent
from tremor.formats.writers import WRITERS, WriteOptions

if TYPE_CHECKING:
    from tremor.recording import Recording
    from tremor.redecoding import Redecoded

__all__ = ["convert"]

_SCHEMA: Final = "tremor.convert/1"
_EPILOG: Final = """\b
Examples:
  tremor convert export.zip --to csv capture.csv
  tremor convert session/ --to parquet session.parquet
  tremor convert session/ --to bids dataset/
  tremor convert session/ --to mcap session.mcap
  tremor convert session/ --redecode --to csv again.csv

\b
Exit codes:
  0  done
  2  wrong usage, a path that cannot be written, or pyarrow or mcap missing
  3  capture missing, unreadable or not recognised
  4  fewer than two samples
  8  refused: would overwrite something
"""


@click.command(epilog=_EPILOG)
@click.argument("file", metavar="FILE", type=PATH)
@click.argument("path", metavar="PATH", type=PATH)
@click.option(
    "--to",
    "form",
    type=click.Choice(list(WRITERS)),
    required=True,
    help="Native CSV, Parquet, a BIDS dataset (a folder), or MCAP for viewers.",
)
@click.option(
    "--redecode",
    "again",
    is_flag=True,
    help="Decode the packets of a recording folder again; its samples are not looked at.",
)
@click.option("--json", "as_json", is_flag=True, help="What was written, as JSON on stdout.")
@click.option("--subject", default="01", show_default=True, help="Label of the participant, BIDS.")
@click.option("--task", default="rest", show_default=True, help="Label of the task, BIDS.")
@capture_options
@overwrite_option
@common_options
def convert(
    *,
    file: Path,
    path: Path,
    form: str,
    again: bool,
    as_json: bool,
    subject: str,
    task: str,
    given: CaptureOptions,
    overwrite: bool,
) -> None:
    """Write a capture to PATH: acceleration in m/s^2 on its true clock.

    Lost samples stay lost. Read back, CSV and BIDS are the same to a millionth of their unit, and
    Parquet to the last bit; MCAP is for other tools and is not read. Angular velocity stays where
    it is, in the samples of a recording.
    """
    _refuse_source(file, path)
    _refuse_existing(path, form, overwrite=overwrite)
    decoded: Redecoded | None = None
    if again:
        if needless := given.given():
            raise InvalidInputError(
                f"{', '.join(needless)} is not for --redecode: the recording says it; leave it out"
            )
        from tremor.redecoding import redecode

        check_devices()
        decoded = redecode(file)
        recording = decoded.recording
    else:
        recording = given.read(file)
    warn_of_capture(file, recording.warnings)
    if decoded is not None and decoded.n_refused:
        warn(f"{file.name}: refused: {decoded.n_refused} of {counted(decoded.n_packets, 'packet')}")
    options = WriteOptions(overwrite=overwrite, subject=subject, task=task)
    files = WRITERS[form].write(recording, path, options)
    if as_json:
        print_json(_summary(recording, decoded, file, form, files))
    else:
        n_lost = sum(gap.n_lost for gap in recording.gaps)
        echo(
            f"{path}: {recording.n_samples} samples in {recording.duration_s:.4g} s at "
            f"{recording.sampling_rate_hz:.6g} Hz, {n_lost} lost"
        )


def _refuse_source(file: Path, path: Path) -> None:
    """Raise an error if the capture itself would be overwritten, whatever the options say."""
    from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE

    kept = {file, *(file / name for name in (MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE))}
    # The files of any recording are kept, not only those of the source.
    if path.name in (SAMPLES_FILE, PACKETS_FILE) and (path.parent / PACKETS_FILE).exists():
        kept.add(path)
    if real_path(path) in set(map(real_path, kept)):
        raise WouldOverwriteError(
            f"{path} is the capture itself and is never replaced; give another path"
        )


def _refuse_existing(path: Path, form: str, *, overwrite: bool) -> None:
    """Raise an error before anything is read, if the target cannot be written."""
    if not WRITERS[form].makes_folder:
        if path.is_dir():
            raise InvalidInputError(f"{path} is a folder; name a file in it")
        refuse_existing(path, overwrite=overwrite, option="--overwrite")
    require_parent(path)


def _summary(
    recording: Recording,
    decoded: Redecoded | None,
    file: Path,
    form: str,
    files: tuple[Path, ...],
) -> dict[str, Any]:
    from tremor import __version__
    from tremor.report.messages import sentence

    source, started_at = recording.source, recording.started_at
    again = None
    if decoded is not None:
        again = {
            "profile": decoded.profile,
            "n_packets": decoded.n_packets,
            "n_refused": decoded.n_refused,
            "n_bytes_left_out": decoded.n_bytes_left_out,
        }
    return {
        "schema": _SCHEMA,
        "software": {"name": "tremor-analyzer", "version": __version__},
        "source": {"name": file.name, "format": source.format if source else ""},
        "redecoded": again,
        "to": form,
        "files": [str(one) for one in files],
        "recording": {
            "started_at": None if started_at is None else started_at.isoformat(),
            "duration_s": recording.duration_s,
            "n_samples": recording.n_samples,
            "n_lost": sum(gap.n_lost for gap in recording.gaps),
            "n_gaps": len(recording.gaps),
            "sampling_rate_hz": recording.sampling_rate_hz,
            "gravity": recording.gravity,
            "unit_in": recording.unit_in,
            "warnings": [
                {"code": one.code, "message": sentence(one)} for one in recording.warnings
            ],
        },
    }
