"""The tables of a batch as a BIDS derivative dataset, for captures whose subject is known."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tremor import system_calls
from tremor._version import __version__
from tremor.batch.rows import CaptureRow
from tremor.batch.tables import SUMMARY_TABLE
from tremor.files import remove_abandoned, whole_folder

__all__ = ["Derivatives"]

_BIDS_VERSION: Final = "1.10.0"
_MISSING: Final = "n/a"
#: A table with a header of our own is legal among derivatives as ``beh``; a ``motion.tsv`` holds
#: samples, and has none.
_DATATYPE: Final = "beh"
_NAME: Final = f"task-rest_desc-tremor_{_DATATYPE}"
_COLUMNS: Final = [one for one in SUMMARY_TABLE if one.name not in {"error_kind", "error"}]


class Derivatives:
    """A derivative dataset that is written row by row, and replaces an older one when it is whole.

    Parameters
    ----------
    folder : Path
        Folder of the dataset.

    Notes
    -----
    Each capture is a row of the ``beh.tsv`` of its subject and session, with the columns of
    ``summary.csv``; ``task-rest_desc-tremor_beh.json`` at the top describes them (BIDS
    inheritance). Captures without a subject or a result are left out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._subjects, self._sessions = _Labels(), _Labels()
        self._files: set[Path] = set()

    def __enter__(self) -> Self:
        """Make the folder that becomes the dataset."""
        remove_abandoned(self._folder)
        self._part = self._stack.enter_context(whole_folder(self._folder, overwrite=True))
        return self

    def add(self, row: CaptureRow, cells: Mapping[str, Any]) -> None:
        """Add a capture, with its cells."""
        if not row.item.subject or row.outcome == "failed":
            return
        entities = [f"sub-{self._subjects.of(row.item.subject)}"]
        if row.item.session:
            entities.append(f"ses-{self._sessions.of(row.item.session)}")
        path = self._part.joinpath(*entities, _DATATYPE, "_".join((*entities, f"{_NAME}.tsv")))
        names = [one.name for one in _COLUMNS]
        lines = [[_cell(cells.get(name)) for name in names]]
        if path not in self._files:
            system_calls.make_folder(path.parent)
            self._files.add(path)
            lines.insert(0, names)
        with io.BufferedWriter(system_calls.open_append(path)) as stream:
            text = "".join("\t".join(line) + "\n" for line in lines)
            stream.write(text.encode(errors="backslashreplace"))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the dataset in its place, unless something went wrong."""
        if error is None:
            try:
                _write_top(self._part, self._subjects)
            except BaseException as failure:
                self._stack.__exit__(type(failure), failure, failure.__traceback__)
                raise
        self._stack.__exit__(kind, error, trace)


class _Labels:
    """BIDS labels of names: letters and digits alone, and of two names never the same."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def of(self, name: str) -> str:
        """Return the label of a name."""
        bare = re.sub(r"[^0-9A-Za-z]", "", re.sub(r"^(sub|ses)-", "", name))
        digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
        for label in (bare, f"{bare}x{digest}"):
            if label and self.names.setdefault(label, name) == name:
                return label
        raise ValueError(f"two names with the digest {digest}")


def _write_top(folder: Path, subjects: _Labels) -> None:
    described = {
        one.name: {"Description": one.meaning} | ({"Units": one.unit} if one.unit else {})
        for one in _COLUMNS
    }
    dataset = {
        "Name": "Tremor of the leg at rest",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "tremor-analyzer", "Version": __version__}],
    }
    rows = sorted((f"sub-{label}", _cell(name)) for label, name in subjects.names.items())
    participants = "".join(f"{label}\t{name}\n" for label, name in rows)
    texts = {
        "dataset_description.json": json.dumps(dataset, indent=2) + "\n",
        f"{_NAME}.json": json.dumps(described, indent=2) + "\n",
        "participants.tsv": f"participant_id\tsubject\n{participants}",
        "participants.json": json.dumps({"subject": {"Description": "As in the manifest"}}) + "\n",
        "README.md": "# Tremor of the leg at rest\n\nMade by tremor-analyzer. A row a capture.\n",
    }
    for name, text in texts.items():
        with io.BufferedWriter(system_calls.open_whole(folder / name)) as stream:
            stream.write(text.encode(errors="backslashreplace"))


def _cell(cell: object) -> str:
    if cell is None or cell == "":
        return _MISSING
    if isinstance(cell, bool):
        return str(cell).lower()
    return re.sub(r"\s+", " ", repr(cell) if isinstance(cell, float) else str(cell))
