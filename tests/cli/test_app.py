from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tremor.cli import app as app_module
from tremor.cli.main import cli


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setattr(
        app_module, "find_spec", lambda name: None if name == "uvicorn" else object()
    )
    result = CliRunner().invoke(cli, ["app"])
    assert result.exit_code == 2
    assert "uvicorn missing" in result.stderr
    assert "pip install 'tremor-analyzer[app]'" in result.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_is_a_port(port):
    assert CliRunner().invoke(cli, ["app", "--port", port]).exit_code == 2


def test_a_port_that_is_taken_is_named(tmp_path):
    pytest.importorskip("uvicorn", reason="the extra app is not installed")
    # In a process of its own: no test of this one reaches for a socket.
    code = (
        "import socket, sys\n"
        "taken = socket.create_server(('127.0.0.1', 0))\n"
        "sys.argv = ['tremor', 'app', '--no-browser', '--port', str(taken.getsockname()[1])]\n"
        "from tremor.__main__ import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 2
    assert "give another with --port" in done.stderr


#: Begins a recording on the page from within, as tests reach for no socket.
RECORDING = """
import asyncio, sys
from tremor.app import run, server, wish
began = run.Run.__init__
def init(self, root):
    began(self, root)
    sensors = (wish.WishedSensor(address="simulated"),)
    asked = wish.Wish(sensors=sensors, duration_s=600.0, options={"speed": "20"})
    asyncio.get_running_loop().call_soon(self.start, asked)
run.Run.__init__ = init
emit = run.Run._emit
def told(self, event, content):
    emit(self, event, content)
    if event == "window":
        print("window", flush=True)
run.Run._emit = told
sys.argv = ["tremor", "app", "--no-browser", "--port", "0"]
from tremor.__main__ import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_recording_is_saved_when_a_signal_ends_the_program(tmp_path, name):
    pytest.importorskip("uvicorn", reason="the extra app is not installed")
    started = subprocess.Popen(
        [sys.executable, "-c", RECORDING],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert started.stdout.readline().startswith("http://127.0.0.1:")
    assert started.stdout.readline() == "window\n"
    started.send_signal(getattr(signal, name))
    _, said = started.communicate(timeout=60)
    assert (started.returncode, "Traceback" in said) == (0, False), said
    assert "saved" in said
    (manifest,) = tmp_path.glob("recording-*/recording.json")
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    assert facts["closed"]
    assert facts["counts"]["n_samples"] > 300


def test_without_a_network_there_is_no_lan(monkeypatch):
    server = pytest.importorskip("tremor.app.server", reason="the extra app is not installed")

    class Unconnected:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def connect(self, _):
            raise OSError

    monkeypatch.setattr(server.socket, "socket", Unconnected)
    with pytest.raises(server.InvalidInputError, match="leave --lan out"):
        server.lan_address()
    monkeypatch.setattr(Unconnected, "connect", lambda *_: None)
    for address, is_lan in (("192.168.7.5", True), ("127.0.0.1", False), ("0.0.0.0", False)):
        monkeypatch.setattr(
            Unconnected, "getsockname", lambda *_, one=address: (one, 9), raising=False
        )
        if is_lan:
            assert server.lan_address() == address
        else:
            with pytest.raises(server.InvalidInputError):
                server.lan_address()


def test_the_code_for_a_phone_is_drawn():
    server = pytest.importorskip("tremor.app.server", reason="the extra app is not installed")
    lines = server.qr_lines("http://192.168.7.5:8017/join?token=x").splitlines()
    assert len(lines) > 10
