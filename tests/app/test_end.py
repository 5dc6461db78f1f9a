"""The program ends when it is told to, whatever a dropped capture still takes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("uvicorn", reason="the extra app is not installed")

#: The command, with captures whose reading takes long in threads of their own.
PROGRAM = """
import time
from concurrent.futures import ThreadPoolExecutor
from tremor.app.captures import Capture

def check(self, choices):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(print, "reading", flush=True)
        pool.submit(time.sleep, 30.0).result()

Capture.check = check
from tremor.cli.main import main
main()
"""
#: A page that drops a capture, and waits for the answer.
PAGE = """
import sys
from urllib.request import Request, urlopen
url = sys.argv[1]
head = {"Origin": url.rstrip("/"), "X-File-Name": "leg.csv"}
urlopen(Request(url + "drop", b"t,x,y,z", head))
"""


@pytest.mark.skipif(os.name == "nt", reason="ends by a signal")
def test_a_capture_that_is_being_read_does_not_keep_the_program(tmp_path):
    places = {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path}
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "app", "--port", "0", "--no-browser"],
        env={**os.environ, **places},
        **how,
    )
    url = program.stdout.readline().strip()
    page = subprocess.Popen([sys.executable, "-c", PAGE, url], **how)
    try:
        assert program.stdout.readline() == "reading\n"
        began_s = time.monotonic()
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=60)
        assert time.monotonic() - began_s < 20.0
        assert (program.returncode, said) == (0, "")  # nor a traceback of what was broken off
    finally:
        for one in (program, page):
            one.kill()
            one.communicate()
    assert list(tmp_path.iterdir()) == []
