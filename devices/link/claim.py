"""The claim of a run on a sensor, by its address, so that another run does not take it away.

A lock file in the runtime or state folder of the user; the system releases it when the process
ends, however that ends. Other programs know nothing of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from tremor import system_calls
from tremor.errors import SensorRefusedError

__all__ = ["SensorClaim", "claims_folder"]

#: Where the bus of the Bluetooth daemon is, if not at its usual place: sensors of another bus are
#: others.
_BUS: Final = "DBUS_SYSTEM_BUS_ADDRESS"


def claims_folder() -> Path:
    """Return the folder of the claims of this user; it need not exist."""
    base = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "state") / "tremor-analyzer"


class SensorClaim:
    """Claim on a sensor, held while it is used.

    Parameters
    ----------
    address : str
        Its address.
    name : str
        Its name, for messages.
    folder : Path, optional
        Where the claims are; by default `claims_folder`.

    Raises
    ------
    SensorRefusedError
        If another run holds it; that run is told by `asked_by`.

    Notes
    -----
    Where no lock can be had, there is no claim, and the sensor is used all the same.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = SensorClaim("AA:BB", "Polar H10", folder=Path(folder))
    ...     try:
    ...         SensorClaim("AA:BB", "Polar H10", folder=Path(folder))
    ...     except SensorRefusedError as error:
    ...         print("another run" in str(error), first.asked_by() == os.getpid())
    ...     first.release()
    True True
    """

    def __init__(self, address: str, name: str, *, folder: Path | None = None) -> None:
        key = f"{os.environ.get(_BUS, '')} {address.upper()}"
        stem = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._handle = -1
        try:
            folder = folder or claims_folder()
        except RuntimeError:  # nobody's home
            return
        self._asked = folder / f"{stem}.asked"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{stem}.lock"
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            system_calls.lock(self._handle)
        except BlockingIOError:
            holder = _number_in(path)
            self._close()
            with suppress(OSError):
                self._asked.write_text(str(os.getpid()), encoding="utf-8")
            by_whom = f" (process {holder})" if holder else ""
            refused = SensorRefusedError(
                f"{name} is in use by another run of this program{by_whom}; stop that one first, "
                "or name another sensor with --sensor"
            )
            refused.trouble = "claimed"
            raise refused from None
        except OSError:
            self._close()
            return
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.write(self._handle, str(os.getpid()).encode())
        self._asked.unlink(missing_ok=True)

    def asked_by(self) -> int | None:
        """Return the process that asked for the sensor since the last call; None if none did."""
        if self._handle < 0 or not self._asked.exists():
            return None
        number = _number_in(self._asked)
        with suppress(OSError):
            self._asked.unlink(missing_ok=True)
        return number

    def release(self) -> None:
        """Release the claim, if it is held."""
        if self._handle < 0:
            return
        if sys.platform != "win32":
            import fcntl

            # A process that was forked meanwhile shares the handle; closing it would not do.
            with suppress(OSError):
                fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._close()

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            with suppress(OSError):
                os.close(handle)


def _number_in(path: Path) -> int | None:
    """Return the number of the process that a file names; None if it names none."""
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
