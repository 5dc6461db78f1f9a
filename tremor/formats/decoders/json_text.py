"""JSON of any size to Python values, with its faults in one line.

What the values mean is in the modules of the formats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import quoted
from tremor.settings import JSON_BOUNDS

__all__ = ["AXIS_KEYS", "Vector", "load_json", "number_of", "vector_of"]

Vector: TypeAlias = tuple[float, float, float]
AXIS_KEYS: Final = frozenset({"x", "y", "z"})


def load_json(
    capture: CaptureFile, take: Callable[[dict[str, Any]], object] | None = None
) -> object:
    """Load a JSON capture.

    Parameters
    ----------
    capture : CaptureFile
        Where its bytes are.
    take : callable, optional
        Called with each object, the innermost first; what it returns stands in its place.

    Returns
    -------
    object
        What the text holds.

    Raises
    ------
    CaptureReadError
        If it is too large, damaged, nested too deeply, or `take` raises `ValueError`.
    """
    most_bytes = JSON_BOUNDS.most_bytes
    with capture.open() as stream:
        data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise CaptureReadError(
            f"{capture.name} is JSON of more than {most_bytes // 1_000_000} MB, which is read in "
            "one piece; export it as CSV, which may be of any length"
        )
    try:
        return json.loads(data, object_hook=take)
    except RecursionError as error:
        raise CaptureReadError(
            f"{capture.name} nests its JSON too deeply for a capture; export it as CSV"
        ) from error
    except json.JSONDecodeError as error:
        raise CaptureReadError(
            f"{capture.name} is damaged JSON or ends too early ({error.msg}, character "
            f"{error.pos + 1}); export it again"
        ) from error
    except UnicodeDecodeError as error:
        raise CaptureReadError(
            f"{capture.name} is damaged: byte {error.start + 1} is no text; export it again"
        ) from error
    except ValueError as error:
        raise CaptureReadError(f"{capture.name}: {error}; export it again") from error


def number_of(value: object, what: str) -> float:
    """Return a number, also one in quotes; NaN for null.

    Parameters
    ----------
    value : object
        What the JSON holds.
    what : str
        Its name in the message.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        If it is none.
    """
    if value is None:
        return float("nan")
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"{what} is {quoted(str(value), 30)} where a number is needed")


def vector_of(record: Mapping[str, object], what: str) -> Vector:
    """Return the x, y and z of an object.

    Parameters
    ----------
    record : mapping
        Object of the JSON.
    what : str
        Its name in the message.

    Returns
    -------
    tuple of float
        Three numbers.

    Raises
    ------
    ValueError
        If one is missing or no number.
    """
    missing = AXIS_KEYS - record.keys()
    if missing:
        raise ValueError(f"{what} has no {', '.join(sorted(missing))}")
    x, y, z = (number_of(record[axis], f"{axis} of {what}") for axis in ("x", "y", "z"))
    return x, y, z
