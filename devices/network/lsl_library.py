"""The library of the Lab Streaming Layer; the only importer of pylsl."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["lsl_library"]


def lsl_library() -> ModuleType:
    """Return the package pylsl, with its library loaded.

    Returns
    -------
    module
        pylsl.

    Raises
    ------
    InvalidInputError
        If it is not installed, or its library cannot be loaded.
    """
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError) as error:
        raise InvalidInputError(
            "LSL needs pylsl and its library, which cannot be loaded; "
            "install it with: pip install 'tremor-analyzer[lsl]'"
        ) from error
    library: ModuleType = pylsl
    return library
