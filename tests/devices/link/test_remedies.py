from __future__ import annotations

import ast
from pathlib import Path

import pytest

import devices
from devices.link.bleak_errors import DBUS, UNAVAILABLE, WORDS
from devices.link.remedies import REMEDIES, remedy


@pytest.mark.parametrize(
    ("platform", "word"),
    [("linux", "bluetoothctl"), ("freebsd14", "bluetoothctl"), ("darwin", "Control Centre"),
     ("win32", "Bluetooth & devices"), ("cygwin", "Bluetooth & devices")],
)  # fmt: skip
def test_remedy_is_that_of_the_system(platform, word):
    assert word in remedy("off", platform=platform)


@pytest.mark.parametrize("trouble", REMEDIES)
def test_remedies_follow_a_semicolon(trouble):
    for platform in ("linux", "darwin", "win32"):
        text = remedy(trouble, platform=platform)
        assert text
        assert not text[0].isupper()
        assert not text.endswith(".")


def test_every_trouble_of_the_radio_has_its_remedy():
    troubles = {trouble for _, trouble in (*UNAVAILABLE.values(), *DBUS.values())}
    troubles |= {trouble for *_, trouble in WORDS}
    assert troubles <= set(REMEDIES)


def test_bleak_is_imported_where_it_is_meant_to_be():
    folder = Path(devices.__file__).parent
    importers = set()
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            if any(name.split(".")[0] in ("bleak", "dbus_fast") for name in names):
                importers.add(path.name)
    assert importers == {"radio.py", "bleak_errors.py", "backend.py"}
