"""Settings of the process that runs a command: signals, threads, memory and garbage collection.

None of them changes a result. Each of the last three is here for a measured gain in time, stated
beside it as the ratio without it to with it, on the whole process, for a capture of 24 hours, one
of 5 minutes, and ``--help`` (least of 7 to 12 runs in turn); what gained clearly less than 5 % was
left out.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from tremor.parallel import use_one_thread

__all__ = [
    "Interrupted",
    "drop_lost_terminal",
    "ignore_signals",
    "interrupts_surface",
    "keep_freed_memory",
    "pause_garbage_collection",
    "prepare",
    "prepare_to_leave",
    "release_freed_memory",
    "signals_interrupt",
    "was_interrupted",
]

#: Signals that ask a process to end as Ctrl-C does, as far as the system has them.
_ENDING: Final = ("SIGTERM", "SIGHUP", "SIGBREAK")
#: When an interrupt that was swallowed is made again, s.
_AGAIN_S: Final = 0.01
#: Parameters of mallopt in <malloc.h> of the GNU C library and their values: one arena for all
#: threads, which keeps blocks of up to 32 MiB, and up to 64 MiB at its top.
_M_ARENA_MAX: Final = (-8, 1)
_M_MMAP_THRESHOLD: Final = (-3, 32 * 1024 * 1024)
_M_TRIM_THRESHOLD: Final = (-1, 64 * 1024 * 1024)


def prepare() -> None:
    """Set what must be set before numpy is imported or any file is opened.

    The linear algebra gets one thread, whatever the environment says: the order of a sum depends on
    the number of threads, and with it the last digits of the results. The work is parallel by
    itself (`tremor.parallel`).
    """
    if sys.stderr is None:  # closed by whoever started the command: messages go nowhere
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    use_one_thread()


@contextmanager
def signals_interrupt(*others: str) -> Iterator[None]:
    """Let the signals that ask a process to end do what Ctrl-C does: raise `KeyboardInterrupt`.

    Files in the making are then removed, workers ended, and a line is said. A signal that was
    ignored from the start, as by ``nohup``, stays ignored.

    Parameters
    ----------
    *others : str
        Names of signals that are obeyed even if they were ignored, as the shell does with SIGINT
        for what it runs in the background.
    """
    before: dict[int, Any] = {}
    for name in (*_ENDING, "SIGINT", *others):
        number = getattr(signal, name, None)
        if number is None or (name not in others and signal.getsignal(number) == signal.SIG_IGN):
            continue
        with suppress(ValueError):  # not the main thread, which gets the signals
            handler = signal.signal(number, _interrupt)
            before.setdefault(number, handler)
    _raised.clear()
    hook = sys.unraisablehook
    sys.unraisablehook = partial(_interrupt_again, hook)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        if hasattr(signal, "setitimer"):
            with suppress(ValueError):
                signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


class Interrupted(KeyboardInterrupt):
    """A signal asked the process to end.

    The interpreter remembers a plain `KeyboardInterrupt` that passes through code it compiles, as
    data classes do, and ends by SIGINT in place of the exit code, even if it was handled.
    """


#: Of the signals that raised; never more than one is of interest.
_raised: Final[list[int]] = []


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    _raised[:] = [number]
    raise Interrupted


def was_interrupted() -> bool:
    """Check whether a signal has interrupted this command."""
    return bool(_raised)


@contextmanager
def interrupts_surface() -> Iterator[None]:
    """Raise `Interrupted` in place of an error that a library made of it, as in a failing import.

    Raises
    ------
    Interrupted
        If there is an error within, and a signal has interrupted the command.
    """
    try:
        yield
    except Exception as error:
        if was_interrupted():
            raise Interrupted from error
        raise


def _interrupt_again(
    hook: Callable[[sys.UnraisableHookArgs], object], unraisable: sys.UnraisableHookArgs
) -> None:
    """Interrupt once more where the first time fell into code that cannot raise.

    Such is what runs when an object is deleted; the interpreter would report it and go on.
    """
    if not issubclass(unraisable.exc_type, KeyboardInterrupt) or not hasattr(signal, "setitimer"):
        hook(unraisable)
        return
    signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)


def ignore_signals() -> None:
    """Ignore the same signals, once all is written and said, for the moment until the end."""
    for name in ("SIGINT", *_ENDING):
        number = getattr(signal, name, None)
        if number is not None:
            with suppress(ValueError):
                signal.signal(number, signal.SIG_IGN)


def drop_lost_terminal() -> None:
    """Send to nowhere what would go to a terminal that was closed; the command goes on."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            os.write(stream.fileno(), b"")
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except ValueError:  # a stream without a file, as in a test
            continue


def keep_freed_memory() -> None:
    """Keep the memory of freed arrays for the next ones (24 h: 1.09, 5 min: 1.02).

    Otherwise the system clears each page of it again and again. C libraries other than GNU's have
    no such setting, and nothing happens.
    """
    import ctypes  # most commands have no use for it

    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        for parameter, value in (_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            library.mallopt(parameter, value)


def pause_garbage_collection() -> None:
    """Leave cycles of objects uncollected, in a command that soon ends (24 h: 1.03, 5 min: 1.07).

    Importing the modules alone makes objects enough for dozens of searches for cycles.
    """
    gc.disable()


def release_freed_memory() -> None:
    """Return the kept memory to the system before worker processes are forked (24 h: 1.05).

    A worker that reuses memory which it shares with this process must copy it first.
    """
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def prepare_to_leave() -> None:
    """Exempt all objects from the last garbage collection (24 h: 1.07, 5 min: 1.16, help: 1.15).

    The interpreter would search all modules for cycles before it ends.
    """
    gc.freeze()
