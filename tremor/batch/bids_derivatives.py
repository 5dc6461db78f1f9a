"""The tables of a batch as a BIDS derivative dataset, for captures whose subject is known."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tremor._version import __version__
from tremor.batch.rows import CaptureRow
from tremor.batch.tables import SUMMARY_TABLE, TableColumn, cells_of
from tremor.files import whole_folder

__all__ = ["write_derivatives"]

_BIDS_VERSION: Final = "1.10.0"
_MISSING: Final = "n/a"
_NAME: Final = "desc-tremor_motion"


def write_derivatives(folder: Path, rows: Iterable[CaptureRow]) -> int:
    """Write a derivative dataset; one that is there is replaced when the new one is whole.

    Parameters
    ----------
    folder : Path
        Folder of the dataset.
    rows : iterable of CaptureRow
        All captures; those without a subject or a result are left out.

    Returns
    -------
    int
        Number of captures in it.

    Notes
    -----
    Each capture is a row of the ``motion.tsv`` of its subject and session, with the columns of
    ``summary.csv``; ``desc-tremor_motion.json`` at the top describes them (BIDS inheritance).
    """
    columns = [one for one in SUMMARY_TABLE if one.name not in {"error_kind", "error"}]
    by_session: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row.item.subject and row.outcome != "failed":
            session = _label(row.item.session)
            by_session.setdefault((_label(row.item.subject), session), []).append(cells_of(row))
    whole = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(whole, ignore_errors=True)
    with whole_folder(whole) as part:
        _write_top(part, columns, Counter(subject for subject, _ in by_session))
        for (subject, session), cells in by_session.items():
            entities = [f"sub-{subject}", *([f"ses-{session}"] if session else [])]
            place = part.joinpath(*entities, "motion")
            place.mkdir(parents=True)
            name = "_".join((*entities, "task-rest", _NAME))
            (place / f"{name}.tsv").write_text(_tsv(columns, cells), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    whole.rename(folder)
    return sum(map(len, by_session.values()))


def _label(text: str) -> str:
    """Return a BIDS label: letters and digits alone."""
    return re.sub(r"[^0-9A-Za-z]", "", text.removeprefix("sub-").removeprefix("ses-"))


def _write_top(folder: Path, columns: Sequence[TableColumn], subjects: Iterable[str]) -> None:
    described = {
        one.name: {"Description": one.meaning} | ({"Units": one.unit} if one.unit else {})
        for one in columns
    }
    dataset = {
        "Name": "Tremor of the leg at rest",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "tremor-analyzer", "Version": __version__}],
    }
    participants = "".join(f"sub-{one}\n" for one in sorted(subjects))
    texts = {
        "dataset_description.json": json.dumps(dataset, indent=2) + "\n",
        f"task-rest_{_NAME}.json": json.dumps(described, indent=2) + "\n",
        "participants.tsv": f"participant_id\n{participants}",
        "README.md": "# Tremor of the leg at rest\n\nMade by tremor-analyzer. A row a capture.\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _tsv(columns: Sequence[TableColumn], rows: Iterable[dict[str, Any]]) -> str:
    names = [one.name for one in columns]
    lines = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _cell(cell: object) -> str:
    if cell is None or cell == "":
        return _MISSING
    if isinstance(cell, bool):
        return str(cell).lower()
    return re.sub(r"\s+", " ", repr(cell) if isinstance(cell, float) else str(cell))
