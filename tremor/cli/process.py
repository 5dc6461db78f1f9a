"""How the process of a command runs: threads, memory, and the search for cycles.

Nothing here changes a result; each setting is worth some percent of a long capture's time.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["give_back_freed_memory", "keep_freed_memory", "prepare", "prepare_to_leave"]

#: Batches of windows run side by side by our own doing. The threads of the linear algebra would
#: wait for each other in loops meanwhile, and double the processor time. A value that is set is
#: kept.
_BLAS_THREADS: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
#: Threads take turns so often, s: most of their work needs no turn and is over sooner than the
#: usual 5 ms, which the next bit of Python would wait for.
_TURN_S: Final = 0.0005
#: Cycles are looked for after so many new objects: a day of windows becomes millions of them on its
#: way to JSON, none of them a cycle.
_OBJECTS_BEFORE_CYCLES: Final = 100_000

#: Numbers of the settings in <malloc.h> of the GNU C library, and their values: one pool for all
#: threads, which keeps arrays of up to 32 MiB, and up to 64 MiB at its end.
_MALLOC: Final = ((-8, 1), (-3, 32 * 1024 * 1024), (-1, 64 * 1024 * 1024))


def prepare() -> None:
    """Set what must be set before anything heavy is imported or any file is opened."""
    if sys.stderr is None:  # closed by whoever started the command: messages go nowhere
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for name in _BLAS_THREADS:
        os.environ.setdefault(name, "1")
    sys.setswitchinterval(_TURN_S)
    gc.set_threshold(_OBJECTS_BEFORE_CYCLES, *gc.get_threshold()[1:])


def keep_freed_memory() -> None:
    """Keep the memory of arrays for the next ones.

    The system would clear each page of it again and again, a tenth of the time of a long capture.
    Other C libraries than GNU's have no such setting, and nothing happens.
    """
    import ctypes  # most commands have no use for it

    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        for setting, value in _MALLOC:
            library.mallopt(setting, value)


def give_back_freed_memory() -> None:
    """Give back what was kept, where the next step has other arrays."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def prepare_to_leave() -> None:
    """Take all objects out of the search for cycles with which the interpreter ends."""
    gc.freeze()
