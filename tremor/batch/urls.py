"""Captures in an object store, by URL, where fsspec and the package of the store are installed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError

__all__ = ["is_url", "local_copy", "urls_of"]

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]+://")


def is_url(path: str) -> bool:
    """Check whether a path is the URL of an object store.

    Examples
    --------
    >>> is_url("s3://lab/one.csv"), is_url("C:/lab/one.csv")
    (True, False)
    """
    return bool(_URL.match(path))


def urls_of(url: str) -> list[str]:
    """List what a URL stands for.

    Parameters
    ----------
    url : str
        Of one object, or a pattern such as ``s3://lab/2026/*.csv``.

    Returns
    -------
    list of str
        URLs in order.

    Raises
    ------
    CaptureNotFoundError
        If nothing matches.
    InvalidInputError
        If fsspec, or the package of the store, is not installed.
    """
    if not has_magic(url):
        return [url]
    filesystem, path = _filesystem(url)
    found = sorted(filesystem.unstrip_protocol(one) for one in filesystem.glob(path))
    if not found:
        raise CaptureNotFoundError(f"{url} matches no object; check the name")
    return found


@contextmanager
def local_copy(path: str) -> Iterator[Path]:
    """Make a capture available as a file while it is read.

    Parameters
    ----------
    path : str
        Path, which stays as it is, or URL.

    Yields
    ------
    Path
        Of the same name.

    Raises
    ------
    CaptureNotFoundError
        If there is no such object.
    CaptureReadError
        If it cannot be fetched.
    InvalidInputError
        As in `urls_of`.
    """
    if not is_url(path):
        yield Path(path)
        return
    filesystem, remote = _filesystem(path)
    with tempfile.TemporaryDirectory(prefix="tremor-") as folder:
        target = Path(folder, PurePosixPath(remote).name or "capture")
        try:
            filesystem.get_file(remote, str(target))
        except FileNotFoundError as error:
            raise CaptureNotFoundError(f"{path} does not exist; check the name") from error
        except OSError as error:
            raise CaptureReadError(f"{path} cannot be fetched ({error}); try again") from error
        yield target


def _filesystem(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        found: tuple[Any, str] = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InvalidInputError(
            f"{url} needs fsspec and the package of its store ({error}); pip install fsspec, and "
            "s3fs, gcsfs or adlfs for the store"
        ) from error
    return found
