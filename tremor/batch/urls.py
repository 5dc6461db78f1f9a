"""Captures in an object store, by URL, where fsspec and the package of the store are installed.

What a URL holds of credentials is used to fetch the capture, and is never written anywhere.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError, TremorError

__all__ = [
    "is_url",
    "local_copy",
    "require_store",
    "store_digest",
    "urls_of",
    "without_credentials",
]

_URL: Final = re.compile(r"(?i)([a-z][a-z0-9+.-]+::)*[a-z][a-z0-9+.-]+://")
#: A URL in a text, which may be part of a chain.
_IN_TEXT: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]+://[^\s'\"<>]+")
#: What stands before the host: of the web, all of it may be a token; elsewhere a password.
_WEB_USER: Final = re.compile(r"(?i)(https?://)[^/@]*@")
_PASSWORD: Final = re.compile(r"(?i)([a-z][a-z0-9+.-]+://[^/:@]*):[^/]*@")
#: Parameters of signed URLs and tokens, by their names; a signature comes with some short ones.
_SECRET: Final = re.compile(
    r"(?i)x-(amz|goog|ms|oss)-.*|.*(sig|token|key|secret|passw|pwd|auth|credential).*|expires"
)
_SIGNED: Final = re.compile(r"(?i)sig|s[etvprs]|spr|sk(oid|tid|t|e|s|v)|ss")
#: What stores know of the content of an object, without its being fetched.
_DIGESTS: Final = ("ETag", "etag", "md5Hash", "content_md5", "checksum", "sha256")


def is_url(path: str) -> bool:
    """Check whether a path is the URL of an object store, or a chain of such.

    Examples
    --------
    >>> is_url("s3://lab/one.csv"), is_url("zip::s3://lab/all.zip"), is_url("C:/lab/one.csv")
    (True, True, False)
    """
    return bool(_URL.match(path))


def without_credentials(text: str) -> str:
    """Take passwords, tokens and signatures out of the URLs in a text.

    Examples
    --------
    >>> without_credentials("https://me:pw@host/a.csv?part=2&X-Amz-Signature=ab12 is gone")
    'https://host/a.csv?part=2 is gone'
    """
    return _IN_TEXT.sub(lambda found: _without_secrets(found[0]), text)


def _secrets_in(url: str) -> list[str]:
    """Return what a URL holds of credentials, as it is written and as it is meant."""
    users = [found[2] for found in re.finditer(r"://([^/:@]*:)?([^/]*)@", url)]
    query = [one.partition("=") for one in re.split(r"[?&]", url)[1:]]
    found = [*users, *(value for name, _, value in query if _SECRET.fullmatch(name))]
    kept = without_credentials(url)
    return [one for text in found for one in (text, unquote(text)) if text and text not in kept]


def _without_secrets(url: str) -> str:
    bare = _PASSWORD.sub(r"\1@", _WEB_USER.sub(r"\1", url))
    link, *rest = bare.split("::")  # each link of a chain has a query of its own
    begin, asked, query = link.partition("?")
    parameters = [one for one in query.split("&") if not _SECRET.fullmatch(one.partition("=")[0])]
    if len(parameters) < len(query.split("&")):
        parameters = [one for one in parameters if not _SIGNED.fullmatch(one.partition("=")[0])]
    link = begin + asked * bool(any(parameters)) + "&".join(parameters)
    return "::".join((link, *map(_without_secrets, rest)))


def require_store(url: str) -> None:
    """Check that the package of a store is installed, before the work begins.

    Raises
    ------
    InvalidInputError
        If fsspec, or the package of the store, is not installed.
    """
    try:
        from fsspec import get_filesystem_class
    except ImportError as error:
        raise InvalidInputError(
            f"{without_credentials(url)} needs fsspec; pip install fsspec"
        ) from error
    links = (link.partition("://") for link in url.split("::"))
    for protocol in [before for before, sign, _ in links if sign]:
        try:
            get_filesystem_class(protocol)
        except (ImportError, ValueError) as error:
            raise InvalidInputError(
                f"{without_credentials(url)} cannot be read ({error}); install the package of its "
                "store, such as s3fs, gcsfs, adlfs or fsspec[http]"
            ) from error


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
    CaptureReadError
        If the store does not answer.
    """
    if not has_magic(url.partition("?")[0] if _is_web(url) else url):
        return [url]
    head, chained, rest = url.partition("::")
    if chained and "://" not in head:  # such as a cache, which has no paths of its own
        return [f"{head}::{one}" for one in urls_of(rest)]
    with _told(url):
        filesystem, path = _filesystem(url)
        names = sorted(filesystem.glob(path))
        # What is before the path names the host of some stores, which they do not repeat.
        begin = head.removesuffix(path) if head.endswith(path) else ""
        if not begin and not _is_web(url):
            names = [filesystem.unstrip_protocol(name) for name in names]
    if not names:
        raise CaptureNotFoundError(f"{without_credentials(url)} matches no object; check the name")
    return [f"{begin}{name}{chained}{rest}" for name in names]


def store_digest(url: str) -> str:
    """Return what the store says of the content of an object, without fetching it.

    Parameters
    ----------
    url : str
        Of one object.

    Returns
    -------
    str
        Its checksum or strong entity tag, and its size; empty where the store has none, or does
        not answer.
    """
    try:
        filesystem, path = _filesystem(url)
        facts = filesystem.info(path)
    except Exception:  # whatever a store raises; it is told when the object is fetched
        return ""
    tags = [f"{name} {facts[name]}" for name in _DIGESTS if facts.get(name)]
    strong = [tag for tag in tags if not tag.partition(" ")[2].startswith("W/")]
    return f"{strong[0]} {facts.get('size')}" if strong else ""


@contextmanager
def local_copy(url: str) -> Iterator[Path]:
    """Make a capture available as a file while it is read.

    Parameters
    ----------
    url : str
        Path, which stays as it is, or URL, also of a folder that is one recording.

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
        If the package of the store is not installed.
    """
    if not is_url(url):
        yield Path(url)
        return
    with tempfile.TemporaryDirectory(prefix="tremor-") as folder:
        with _told(url):
            filesystem, path = _filesystem(url)
            name = PurePosixPath(re.split(r"[?#]", path)[0] if _is_web(url) else path).name
            target = Path(folder, name or "capture")
            # Some stores answer with an empty folder where there is nothing.
            if not _is_web(url) and filesystem.isdir(path):
                filesystem.get(path.rstrip("/") + "/", f"{target}/", recursive=True)
            else:
                filesystem.get_file(path, str(target))
        yield target


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Raise what goes wrong with a store, of whatever kind, as an error of the capture."""
    shown = without_credentials(url)
    try:
        yield
    except TremorError:
        raise
    except FileNotFoundError as error:
        raise CaptureNotFoundError(f"{shown} does not exist; check the name") from error
    except Exception as error:  # each store has errors of its own
        said = " ".join(str(error).split())
        for secret in _secrets_in(url):  # a store may repeat them in forms of its own
            said = said.replace(secret, "***")
        said = without_credentials(said) or type(error).__name__
        raise CaptureReadError(
            f"{shown} cannot be fetched ({said}); check the name and the access to the store"
        ) from error


def _filesystem(url: str) -> tuple[Any, str]:
    require_store(url)
    from fsspec.core import url_to_fs

    found: tuple[Any, str] = url_to_fs(url)
    return found


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))
