"""Work that kills its worker, for processes that import it by its name."""

import os
import signal


def square_or_die(number: int) -> int:
    """Return the square of a number; 3 kills the worker, and 5 is an error."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 5:
        raise ValueError("five")
    return number * number
