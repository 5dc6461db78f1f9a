"""A session with a phone, from the command to the report, over the loopback interface."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest
from rigs.phones import PhyphoxPhone, at_rest, serving

import tremor

ROOT = Path(tremor.__file__).parents[1]
PROGRAM = "from tremor.cli.main import main; main()"


@pytest.mark.usefixtures("loopback")
def test_phone_is_recorded_through_a_drop_out_and_analysed(tmp_path):
    began_s = time.monotonic()
    folder, phone = tmp_path / "session", PhyphoxPhone(measured=at_rest)

    def clock():
        return time.monotonic() - began_s

    async def main():
        async with serving(phone, clock=clock, away=[(4.0, 8.0)]) as port:
            arguments = ["--no-input", "--sensor", f"phyphox:127.0.0.1:{port}", "--duration", "6s"]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", PROGRAM, "record", *arguments, "--out", str(folder)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env=dict(os.environ),
            )
            out, err = await asyncio.wait_for(process.communicate(), 120.0)
            return process.returncode, out.decode(), err.decode()

    code, out, err = asyncio.run(main())
    assert code == 0, err
    assert "asking the phone at 127.0.0.1" in err
    assert "none lost" in err
    assert "Traceback" not in err
    assert "Your leg did not tremble" in out
    manifest = json.loads((folder / "recording.json").read_text(encoding="utf-8"))
    assert manifest["sensor"]["profile"] == "phyphox"
    assert manifest["gaps"] == []
    assert {"lost", "restarted"} <= {one["kind"] for one in manifest["events"]}
    assert "127.0.0.1" not in json.dumps(manifest)
    assert phone.commands == ["cmd=start", "cmd=stop"]
