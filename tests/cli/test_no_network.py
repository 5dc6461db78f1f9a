"""Whole commands in a process of their own: none reaches for the network, or for a bus unasked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tremor.cli.main import _COMMANDS

CAPTURE = Path(__file__).parents[2] / "sample_data" / "post_run_calf.csv"
#: Written to stderr at the end: each address that a socket was asked to reach, and each name that
#: was looked up. Programs that a command starts are seen by their names.
WATCHED = """
import atexit, json, os, signal, socket, sys, threading
seen = []
def watch(event, arguments):
    if event == "socket.getaddrinfo" or event == "socket.gethostbyname":
        seen.append(["name", str(arguments[0])])
    elif event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
        if event == "socket.bind" and sys.argv[1:2] == ["app"]:
            end_soon()
        one, address = arguments[0], arguments[1] if len(arguments) > 1 else None
        here = isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1", "localhost")
        kind = "bus" if one.family == socket.AF_UNIX else "loopback" if here else "network"
        seen.append([kind, str(address)])
    elif event in ("urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect"):
        seen.append(["network", str(arguments)])
    elif event in ("subprocess.Popen", "os.system", "os.exec"):
        seen.append(["program", str(arguments[0])])
def end_soon():  # the app runs until a signal ends it
    timer = threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()
sys.addaudithook(watch)
atexit.register(lambda: print("SEEN " + json.dumps(seen), file=sys.stderr))
from tremor.cli.main import main
main()
"""
#: Commands, and what they may reach for: those that search sensors ask the bus of the system.
COMMANDS = (
    ("analyze FILE --html NEW.html --csv NEW.csv", ()),
    ("app --no-browser --port 0", ("loopback", "bus")),
    ("batch FILE FILE --out NEW --workers 1", ()),
    ("check FILE", ()),
    ("compare FILE FILE", ()),
    ("context new NEW.toml --no-input", ()),
    ("convert FILE NEW.csv --to csv", ()),
    ("doctor", ("bus",)),
    ("explain", ()),
    ("formats", ()),
    ("merge NEW --out NEW", ()),
    ("record --sensor simulated --option speed=1e6 --duration 5s --no-input --out NEW", ()),
    ("record --sensor polar-h10 --no-input --out NEW", ("bus",)),
    ("replay FILE --speed max", ()),
    ("scan --timeout 0.1", ("bus",)),
    ("sensors", ()),
    ("simulate session NEW.csv --duration 20", ()),
    ("trend FOLDER", ()),
)


def seen_by(words, folder, *, code=WATCHED):
    places = {"FILE": CAPTURE, "FOLDER": folder, "NEW": folder / "new"}
    arguments = [
        str(next((word.replace(key, str(one)) for key, one in places.items() if key in word), word))
        for word in words.split()
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(CAPTURE.parents[1]),
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/no-bus",
        },
    )
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("SEEN ")]
    return [tuple(one) for one in json.loads(line.removeprefix("SEEN "))], done


@pytest.mark.skipif(sys.platform == "win32", reason="event loops wake themselves over loopback")
@pytest.mark.parametrize(("words", "allowed"), COMMANDS)
def test_no_command_reaches_for_the_network(words, allowed, tmp_path):
    seen, done = seen_by(words, tmp_path)
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr
    assert {kind for kind, _ in seen} <= {*allowed, *(("program",) if "doctor" in words else ())}, (
        seen
    )


def test_each_command_is_watched():
    assert {words.split()[0] for words, _ in COMMANDS} == set(_COMMANDS)


def test_the_watch_sees_what_is_done(tmp_path):
    code = WATCHED.replace(
        "from tremor.cli.main import main\nmain()",
        "one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "one.connect(('192.0.2.1', 9))\n"
        "socket.getaddrinfo('127.0.0.1', 9)",
    )
    seen, _ = seen_by("", tmp_path, code=code)
    assert [kind for kind, _ in seen] == ["network", "name"]
