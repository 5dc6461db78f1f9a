"""System calls that are counted, and one of which fails: `tremor.system_calls` is where they are.

Recording, and whatever writes files, is run once to find the calls, and then once for each.
"""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tremor import system_calls

__all__ = ["CALLS", "ERRORS", "Calls", "open_handles"]

#: All of them; a file that is written whole goes through `open_whole` and `write`.
CALLS = tuple(sorted(set(system_calls.__all__) - {"DiskFile"}))
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES)
_PART = re.compile(r"^\.(.+)\.\d+-[0-9a-f]{8}\.part$")

Key = tuple[str, str]


class Calls:
    """Counts the calls by name and file, and lets one of them fail.

    Parameters
    ----------
    monkeypatch : pytest.MonkeyPatch
        Takes them back.
    folder : Path
        Its parent is named so, as its name differs from test to test.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[Key] = Counter()
        self.paths: dict[int, Path] = {}
        #: Which call fails: name and file, and its number; None for all from the first.
        self.failing: tuple[Key, int | None] | None = None
        self.error = 0
        self.was_hit = False
        for name in CALLS:
            monkeypatch.setattr(system_calls, name, self._wrapped(name))

    def _wrapped(self, name: str) -> Callable[..., Any]:
        function = getattr(system_calls, name)

        def call(what: Any = "disks", *others: Any) -> Any:
            key = (name, self._name_of(what))
            number = self.counts[key]
            self.counts[key] += 1
            if self.failing in ((key, number), (key, None)):
                self.was_hit = True
                if name == "close":  # a file is closed even where that fails
                    function(what)
                raise OSError(self.error, os.strerror(self.error))
            result = function(what, *others)
            if name.startswith("open_"):
                self.paths[result if isinstance(result, int) else result.fileno()] = what
            return result

        return call

    def _name_of(self, what: Path | int | str) -> str:
        if isinstance(what, str):
            return what
        path = self.paths[what] if isinstance(what, int) else what
        if os.fspath(path) == os.fspath(self.folder.parent):
            return "parent"
        part = _PART.match(path.name)
        return part[1] if part else path.name


def open_handles() -> int:
    """Return how many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
