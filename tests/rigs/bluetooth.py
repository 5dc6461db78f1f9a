"""A private D-Bus with the fake BlueZ daemon on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent

#: Why the rig cannot be had here; empty where it can.
MISSING = (
    "the made-up Bluetooth daemon needs Linux"
    if sys.platform != "linux"
    else ""
    if shutil.which("dbus-daemon")
    else "dbus-daemon is not installed (Debian: apt-get install dbus-daemon)"
)

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Bluetooth:
    """A bus, and on it a daemon with sensors; use as a context manager.

    ``sensors`` maps a name to the arguments of its model. Without ``daemon`` there is only the
    bus.
    """

    def __init__(
        self,
        sensors: dict[str, dict[str, Any]] | None = None,
        *,
        daemon: bool = True,
        adapter: bool = True,
        powered: bool = True,
    ) -> None:
        self._sensors = sensors or {}
        self._wants_daemon = daemon
        self._config = {"sensors": self._sensors, "adapter": adapter, "powered": powered}
        # A short path: a socket's must not be longer than 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="bt-")
        self._bus: subprocess.Popen[str] | None = None
        self._daemon: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"unix:path={self._folder.name}/bus"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables for a program that uses this Bluetooth."""
        # Claims on its sensors are of no use to other runs.
        return {
            "DBUS_SYSTEM_BUS_ADDRESS": self.address,
            "XDG_RUNTIME_DIR": self._folder.name,
        }

    def __enter__(self) -> Bluetooth:
        try:
            self.start_bus()
            if self._wants_daemon:
                self.start_daemon()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_bus(self) -> None:
        config = Path(self._folder.name) / "bus.conf"
        config.write_text(_CONFIG.format(path=f"{self._folder.name}/bus"), encoding="utf-8")
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._bus.stdout is not None
        assert self._bus.stdout.readline(), "dbus-daemon did not start"

    def start_daemon(self) -> None:
        self._daemon = subprocess.Popen(
            [sys.executable, "-m", "rigs.fake_bluez", json.dumps(self._config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self.environment, "PYTHONPATH": f"{TESTS}{os.pathsep}{ROOT}"},
            text=True,
        )
        assert self._daemon.stdout is not None
        assert self._daemon.stdout.readline().strip() == "ready", "the daemon did not start"

    @property
    def is_whole(self) -> bool:
        """Whether bus and daemon run, so that another test can use them."""
        return all(one is not None and one.poll() is None for one in (self._bus, self._daemon))

    def reset(
        self,
        sensors: dict[str, dict[str, Any]] | None = None,
        *,
        adapter: bool = True,
        powered: bool = True,
    ) -> None:
        """Replace the sensors, as if there had been none before."""
        self._sensors = sensors or {}
        self._config = {"sensors": self._sensors, "adapter": adapter, "powered": powered}
        self.do("reset", **self._config)

    def do(self, what: str, device: str = "", **fields: Any) -> Any:
        """Send a command to the daemon and wait until it is done."""
        assert self._daemon is not None
        assert self._daemon.stdin is not None
        assert self._daemon.stdout is not None
        self._daemon.stdin.write(json.dumps({"do": what, "device": device, **fields}) + "\n")
        self._daemon.stdin.flush()
        line = self._daemon.stdout.readline()
        assert line, f"the daemon died at {what}"
        return json.loads(line)

    def look(self, device: str) -> dict[str, Any]:
        return self.do("look", device)

    def kill_bus(self) -> None:
        _end(self._bus)
        self._bus = None
        _end(self._daemon)  # it cannot live without the bus
        self._daemon = None

    def kill_daemon(self) -> None:
        _end(self._daemon)
        self._daemon = None

    def __exit__(self, *_: object) -> None:
        _end(self._daemon)
        _end(self._bus)
        self._folder.cleanup()


def _end(process: subprocess.Popen[str] | None) -> None:
    if process is None:
        return
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
