"""What sessions are called, so that two files of one name can be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tremor.files import real_path

__all__ = ["distinct_names", "shortest_tails"]


def distinct_names(names: Sequence[str], paths: Sequence[Path | None]) -> tuple[str, ...]:
    """Return a name for each, longer where two are the same.

    Parameters
    ----------
    names : sequence of str
        Names of the files without their folders.
    paths : sequence of Path or None
        Where they are; None for what is in memory.

    Returns
    -------
    tuple of str
        Names that occur once stay; others get the folders that tell them apart, or a number where
        no folder does. A path is never given from its root.

    Examples
    --------
    >>> monday, tuesday = Path("/x/mon/raw.csv"), Path("/x/tue/raw.csv")
    >>> distinct_names(["a.csv", "raw.csv", "raw.csv"], [None, monday, tuesday])
    ('a.csv', 'mon/raw.csv', 'tue/raw.csv')
    >>> distinct_names(["raw.csv", "raw.csv"], [None, None])
    ('raw.csv (1)', 'raw.csv (2)')
    """
    counts = Counter(names)
    shared = [index for index, name in enumerate(names) if counts[name] > 1]
    found = list(names)
    located = [index for index in shared if paths[index] is not None]
    tails = shortest_tails([path for index in located if (path := paths[index]) is not None])
    for index, tail in zip(located, tails, strict=True):
        found[index] = tail
    return _numbered(found)


def shortest_tails(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the last parts of each path that no other of them ends with.

    Parameters
    ----------
    paths : sequence of Path
        Relative ones count from the working folder.

    Returns
    -------
    tuple of str
        With forward slashes; the same for the same path.

    Examples
    --------
    >>> shortest_tails([Path("/a/x/raw.csv"), Path("/b/x/raw.csv"), Path("/b/c.csv")])
    ('a/x/raw.csv', 'b/x/raw.csv', 'c.csv')
    """
    parts = [real_path(one).parts[1:] for one in paths]
    return tuple(_tail(own, [other for other in parts if other != own]) for own in parts)


def _tail(own: Sequence[str], others: Sequence[Sequence[str]]) -> str:
    """Return the shortest end of a path that none of the others has."""
    for n in range(1, len(own) + 1):
        if all(other[-n:] != own[-n:] for other in others):
            return "/".join(own[-n:])
    return "/".join(own)


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Return names with a number behind those that are still the same."""
    counts, seen = Counter(names), Counter[str]()
    found = []
    for name in names:
        seen[name] += 1
        found.append(f"{name} ({seen[name]})" if counts[name] > 1 and name else name)
    return tuple(found)
