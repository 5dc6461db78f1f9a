"""Execute the notebooks from a clean state and write their outputs into them.

Run ``python notebooks/run.py`` for all of them, or ``python notebooks/run.py 01_first_session``.
Needs the extra ``test``. What differs from one computer to the next is not written: times, versions
and the name of the kernel.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent

#: All that is written of the environment.
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
#: Longest time that a cell may take, s; against hanging.
_TIMEOUT_S = 300


def executed(path: Path) -> nbformat.NotebookNode:
    """Execute a notebook in its folder.

    Parameters
    ----------
    path : Path
        Notebook; the file is not changed.

    Returns
    -------
    NotebookNode
        With fresh outputs.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        book,
        kernel_name="python3",
        timeout=_TIMEOUT_S,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    book.metadata = nbformat.from_dict(_METADATA)
    return book


def _joined(outputs: list[Any]) -> list[Any]:
    """Join the parts of a stream, which come in different pieces each time, and drop metadata."""
    joined: list[Any] = []
    for output in outputs:
        if "metadata" in output:
            output.metadata = nbformat.from_dict({})
        if joined and output.output_type == "stream" and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def main(names: list[str]) -> None:
    """Execute notebooks and write them back; all of them if none is named."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            book = executed(path)
            nbformat.validate(book)
            nbformat.write(book, path)


if __name__ == "__main__":
    main(sys.argv[1:])
