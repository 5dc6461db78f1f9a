"""Captures that were dropped on the page: kept for a while, checked, read again by choice.

A capture goes to a folder of its own that only this user can read. Its name is reduced to plain
letters; it is what formats are recognised by, and never a path.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tremor import pipeline
from tremor.analysis.offline import judge
from tremor.analysis.quality import quality_of
from tremor.app.remedies import on_page
from tremor.app.results import HeldResult
from tremor.app.temporary import HeldFolder
from tremor.errors import InvalidInputError, TremorError
from tremor.formats.readers import ReadOptions
from tremor.opening import open_recording
from tremor.report.messages import sentence, text
from tremor.report.seen import rest_text
from tremor.report.view import capture_rows, decision_rows
from tremor.settings import APP_BOUNDS, AnalysisSettings

if TYPE_CHECKING:
    from tremor.recording import Recording

__all__ = ["CHOICES", "Capture", "Captures", "plain_name", "read_options"]

#: What a reader can be told, in the order of the form.
CHOICES: Final = tuple(one.name for one in fields(ReadOptions))
_LONGEST_NAME: Final = 100
_KEPT_SIGNS: Final = frozenset(" ._-()")


def plain_name(name: str) -> str:
    """Return a file name that is safe to make: letters, digits and few signs.

    Examples
    --------
    >>> plain_name("../../etc/Raw Data (2).csv")
    'Raw Data (2).csv'
    >>> plain_name("..")
    'capture'
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(char if char.isalnum() or char in _KEPT_SIGNS else "_" for char in last)
    return kept.strip(" .")[-_LONGEST_NAME:].strip(" .") or "capture"


def read_options(form: Mapping[str, str]) -> ReadOptions:
    """Return what a form says of a capture.

    Parameters
    ----------
    form : mapping of str to str
        Choices by name; an empty one is left to the capture.

    Returns
    -------
    ReadOptions
        As the options of ``tremor analyze``.

    Raises
    ------
    InvalidInputError
        If one of them is not usable.
    """
    said: dict[str, Any] = {
        name: form[name].strip() for name in CHOICES if form.get(name, "").strip()
    }
    rate = said.pop("sampling_rate_hz", None)
    try:
        rate_hz = None if rate is None else float(rate.lower().removesuffix("hz"))
    except ValueError:
        raise InvalidInputError(f"sampling rate is {rate!r}; give a positive number") from None
    return ReadOptions(**said, sampling_rate_hz=rate_hz)


class Capture:
    """A capture that was dropped.

    Parameters
    ----------
    key : str
        What the page calls it.
    path : Path
        Where it is.

    Attributes
    ----------
    choices : mapping of str to str
        What the runner said of it.
    trouble : str
        Why it cannot be read; empty if it can.
    quality : tuple of str
        How good it is, a sentence each.
    rows, decisions : tuple of (str, str)
        Its facts, and what was decided while it was read and how.
    result : HeldResult or None
        None until it was analysed.
    """

    def __init__(self, key: str, path: Path) -> None:
        self.key = key
        self.path = path
        self.choices: Mapping[str, str] = {}
        self.trouble = ""
        self.quality: tuple[str, ...] = ()
        self.rows: tuple[tuple[str, str], ...] = ()
        self.decisions: tuple[tuple[str, str], ...] = ()
        self.result: HeldResult | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    def check(self, choices: Mapping[str, str]) -> None:
        """Read it with these choices, and keep what is to be shown of it.

        Parameters
        ----------
        choices : mapping of str to str
            As for `read_options`.
        """
        self.choices, self.trouble, self.result = dict(choices), "", None
        self.quality, self.rows, self.decisions = (), (), ()
        try:
            with open_recording(self.path, read_options(choices)) as recording:
                self._show(recording.in_memory())
        except TremorError as error:
            self.trouble = self._said(error)

    def _said(self, error: TremorError) -> str:
        """Return what is wrong, without the folder that the page keeps it in."""
        return on_page(str(error).replace(f"{self.path.parent}{os.sep}", ""))

    def _show(self, recording: Recording) -> None:
        clipped_fraction = int(recording.clipped.sum()) / max(1, recording.n_samples)
        facts = replace(recording.info, clipped_fraction=clipped_fraction)
        found = quality_of(facts, AnalysisSettings())
        source = recording.source
        self.quality = (
            text("quality", found.level),
            *(on_page(sentence(one)) for one in found.reasons),
            rest_text(judge(recording), duration_s=facts.recorded_s),
        )
        rows = capture_rows(facts, source_format=source.format if source else "")
        self.rows = tuple((name, on_page(value)) for name, value in rows)
        self.decisions = tuple((name, on_page(value)) for name, value in decision_rows(facts))

    def analyze(self) -> None:
        """Measure it with the choices that it was checked with."""
        try:
            analysis = pipeline.analyze(self.path, reading=read_options(self.choices))
            self.result = HeldResult(self.name, analysis)
        except TremorError as error:
            self.trouble = self._said(error)


class Captures:
    """The captures that were dropped lately."""

    def __init__(self) -> None:
        self._folder = HeldFolder()
        self._kept: dict[str, Capture] = {}

    def find(self, key: str) -> Capture | None:
        """Return the capture of a key; None if it is not there any more."""
        return self._kept.get(key)

    async def receive(self, name: str, content: AsyncIterable[bytes]) -> Capture:
        """Keep a capture as it arrives.

        Parameters
        ----------
        name : str
            Name of the file.
        content : async iterable of bytes
            The file.

        Returns
        -------
        Capture
            Not read yet.

        Raises
        ------
        InvalidInputError
            If it is too large or empty; nothing is kept.
        """
        key = secrets.token_urlsafe(9)
        folder = self._folder.path / key
        folder.mkdir()
        path = folder / plain_name(name)
        try:
            await _write(path, content)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._kept[key] = Capture(key, path)
        while len(self._kept) > APP_BOUNDS.most_captures:
            oldest = next(iter(self._kept))
            shutil.rmtree(self._kept.pop(oldest).path.parent, ignore_errors=True)
        return self._kept[key]

    def close(self) -> None:
        """Remove all of them from the disk."""
        self._folder.close()
        self._kept.clear()


async def _write(path: Path, content: AsyncIterable[bytes]) -> None:
    n_bytes = 0
    with path.open("xb") as file:
        async for part in content:
            n_bytes += len(part)
            if n_bytes > APP_BOUNDS.most_upload_bytes:
                most_mb = APP_BOUNDS.most_upload_bytes // 1_000_000
                raise InvalidInputError(text("app", "too_large", most_mb=most_mb))
            file.write(part)
    if not n_bytes:
        raise InvalidInputError(text("app", "empty_file"))
