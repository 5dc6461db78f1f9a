from __future__ import annotations

import json
import sys
from collections import namedtuple

import pytest
from click.testing import CliRunner

from tremor.cli import doctor as doctor_module
from tremor.cli.main import cli

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the parts of Bluetooth on Linux")


def doctor(*arguments):
    return CliRunner().invoke(cli, ["doctor", *map(str, arguments)])


def states(*arguments):
    document = json.loads(doctor("--json", *arguments).stdout)
    assert document["schema"] == "tremor.doctor/1"
    return document["ready"], {check["name"]: check for check in document["checks"]}


def test_all_is_well(bluetooth, tmp_path):
    bluetooth({})
    result = doctor("--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "This computer can record" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    ready, checks = states("--out", tmp_path)
    assert ready
    assert {check["state"] for check in checks.values()} == {"ok"}
    assert {"Python", "packages", "D-Bus", "daemon", "adapter", "permission", "disk"} <= set(checks)
    assert not list(tmp_path.iterdir())


@LINUX
@pytest.mark.parametrize(
    ("options", "failed", "well"),
    [
        ({"powered": False}, "adapter", ["D-Bus", "daemon", "permission"]),
        ({"adapter": False}, "adapter", ["D-Bus", "daemon", "permission"]),
        ({"daemon": False}, "daemon", ["D-Bus"]),
    ],
)
def test_what_is_missing_is_the_one_thing_that_fails(bluetooth, options, failed, well):
    bluetooth({}, **options)
    ready, checks = states()
    assert not ready
    assert [name for name, check in checks.items() if check["state"] == "fail"] == [failed]
    assert checks[failed]["remedy"]
    assert {checks[name]["state"] for name in well} == {"ok"}
    assert checks["listening"]["state"] == "skipped"
    assert doctor().exit_code == 5


@LINUX
def test_no_bus(bluetooth):
    bluetooth({}).kill_bus()
    _, checks = states()
    assert checks["D-Bus"]["state"] == "fail"
    assert checks["daemon"]["state"] == "skipped"


@LINUX
def test_no_permission(bluetooth):
    bluetooth({}).do("discovery_error", name="org.freedesktop.DBus.Error.AccessDenied")
    _, checks = states()
    assert checks["permission"]["state"] == "fail"
    assert "usermod" in checks["permission"]["remedy"]


def test_scan_that_fails_for_another_reason(bluetooth):
    bluetooth({}).do("discovery_error", name="org.bluez.Error.Failed")
    ready, checks = states()
    assert not ready
    assert checks["listening"]["state"] == "fail"


def test_folder_that_cannot_be_written(monkeypatch, tmp_path):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(doctor_module, "_try_to_write", refuse)
    check = doctor_module._folder(tmp_path / "new")
    assert (check.state, check.name) == ("fail", "folder")
    assert "Permission denied" in check.detail
    assert doctor_module._log_folder().state == "weak"


@pytest.mark.parametrize(("free_mb", "state"), [(10, "fail"), (100, "weak"), (100_000, "ok")])
def test_disk(monkeypatch, tmp_path, free_mb, state):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(
        doctor_module.shutil, "disk_usage", lambda _: usage(0, 0, free_mb * 1_000_000)
    )
    assert doctor_module._disk(tmp_path / "not" / "there").state == state


def test_package_that_is_missing(monkeypatch):
    def version(name):
        if name == "bleak":
            raise doctor_module.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(doctor_module, "version", version)
    check = doctor_module._packages()
    assert check.state == "fail"
    assert "bleak missing" in check.detail


@pytest.mark.parametrize("found", ["2.1.0", "4.0.0"])
def test_bleak_of_another_age(monkeypatch, found):
    monkeypatch.setattr(doctor_module, "version", lambda _: found)
    check = doctor_module._packages()
    assert (check.state, "bleak>=3.1,<4" in check.remedy) == ("fail", True)


def test_another_package_of_the_same_name(monkeypatch):
    import devices

    monkeypatch.setattr(devices, "DISTRIBUTION", "somebody-else")
    assert doctor_module._own_devices().state == "fail"
