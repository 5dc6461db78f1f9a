"""What a power cut, a missing file or a flipped bit costs a recording.

    python tests/bench/power_cuts.py [--short] [--keep FOLDER]

A recording of some seconds, with one packet that was lost on the way, is there in two states:
closed, and as it lies on the disk while the recorder runs. Each of its files is cut at every byte,
is missing, and has single bits flipped; then samples and packets are cut together. The folder has
to open, and to be what was recorded:

- every sample that another file still holds is there, in its place and unchanged;
- the one loss is told, and no other;
- so are markers, placement and the start;
- what is said of the files is true of them;
- what cannot be opened is refused with one line of the right class.

Bits are flipped at every fifth byte; in the short form files are cut at every 97th. Fails where one
of these does not hold; the first case of each kind is printed, and kept in the folder if one is
named.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import tremor
from devices import PROFILES
from devices.sensors.simulated import DATA, packet
from tremor.errors import CaptureReadError, ContextError, InsufficientDataError, TremorError
from tremor.explanation.answers.context import Context
from tremor.formats.folder.markers import read_markers
from tremor.formats.folder.packet_log import read_packet_log
from tremor.notes import Note
from tremor.packets import LinkEvent, Packet
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import Recording, SensorInfo

RATE_HZ = 52.0
SIZE = 13
N_PACKETS = 10
LOST = 6
MARKED_S = 1.5
PROFILE = PROFILES["simulated"]
STREAM = StreamDescription(
    sensor=SensorInfo("Simulated leg", "simulated"),
    sampling_rate_hz=RATE_HZ,
    range_g=8.0,
    detects_loss=True,
)
#: Of a reader that finds no rows, and no packets that bring them back.
REFUSALS = (CaptureReadError, InsufficientDataError)
#: What is said of a folder, and of which of its files.
OF_FILES = {"FILE_CHANGED", "FILE_LENGTH", "FILE_MISSING", "MANIFEST_DAMAGED"}
#: What may not be said of this recording, whatever becomes of its files.
UNTRUE = {"DISK_DROPPED", "LOSS_NOT_TOLD", "RATE_OFF_NOMINAL", "RATE_NOMINAL", "RESAMPLED"}
SHORT_STEP = 97
FLIP_STEP = 5
N_BOTH = 400


# --- the recording -------------------------------------------------------------------------------


def record(folder: Path, running: Path) -> None:
    """Record into a folder; another gets what lies on the disk meanwhile, with its manifest."""

    async def run() -> None:
        rng = np.random.default_rng(0)
        decoder = PROFILE.decoder(sampling_rate_hz=RATE_HZ, range_g=8.0)
        now = iter(np.arange(70.0, 1e5, 0.5)).__next__
        async with Recorder(folder, stream=STREAM, placement="left-calf", now=now) as recorder:
            recorder.tap(LinkEvent(70.0, 1.7e9 + 70.0, "started"))
            for number in range(N_PACKETS):
                first = number * SIZE
                counts = rng.normal((0.0, 0.0, 4096.0), 50.0, (SIZE, 3)).astype(int)
                data = packet(first, round(1e6 * first / RATE_HZ), counts.reshape(-1).tolist())
                arrival_s = 70.0 + (first + SIZE) / RATE_HZ
                if number == LOST:
                    recorder.marker("stood up", arrival_s=70.0 + MARKED_S)
                    continue
                recorder.tap(Packet(arrival_s, 1.7e9 + arrival_s, DATA, data))
                for block in decoder.feed(DATA, data, arrival_s):
                    recorder.take(block)
            until_s = time.monotonic() + 20.0
            while time.monotonic() < until_s and not is_on_the_disk(folder):
                await asyncio.sleep(0.05)
            shutil.copytree(folder, running)

    asyncio.run(run())
    for one in (folder, running):
        (one / "context.toml").write_text(CONTEXT, encoding="utf-8")
        (one / "report.html").write_text("<!doctype html><title>leg</title>", encoding="utf-8")
        old = one / ".replaced" / "1"
        old.mkdir(parents=True)
        (old / "samples.csv").write_bytes((folder / "samples.csv").read_bytes()[:700])
        part = (folder / "recording.json").read_bytes()[:900]
        (one / ".recording.json.4711.part").write_bytes(part)


CONTEXT = """schema = "tremor.context/1"
[run]
distance_km = 10.5
rpe = 8
[today]
cramp = true
"""


def is_on_the_disk(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / "recording.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    n_samples = (N_PACKETS - 1) * SIZE
    return bool(manifest["markers"]) and n_rows((folder / "samples.csv").read_bytes()) == n_samples


def n_rows(content: bytes) -> int:
    return sum(line[:1] in b"-0123456789" for line in content.split(b"\n")[:-1] if line)


# --- what is damaged -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Damage:
    """What happens to the files of a folder; None where one is missing."""

    kind: str
    files: dict[str, bytes | None]

    @property
    def where(self) -> str:
        return " and ".join(self.files)


def damages(files: dict[str, bytes], step: int) -> Iterator[Damage]:
    rng = np.random.default_rng(1)
    for name, content in files.items():
        yield Damage("missing", {name: None})
        for n_bytes in range(0, len(content), step):
            yield Damage("cut", {name: content[:n_bytes]})
        for at in range(step // 2, len(content), FLIP_STEP * step):
            flipped = bytearray(content)
            flipped[at] ^= 1 << int(rng.integers(8))
            yield Damage("flipped", {name: bytes(flipped)})
    for _ in range(N_BOTH // step + 20):
        both = ("samples.csv", "packets.bin")
        sizes = {name: int(rng.integers(len(files[name]))) for name in both}
        yield Damage("cut", {name: files[name][:size] for name, size in sizes.items()})


# --- what must hold ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """A folder before anything happens to it, and what it holds."""

    folder: Path
    is_closed: bool
    files: dict[str, bytes]
    recording: Recording

    @classmethod
    def of(cls, folder: Path, *, is_closed: bool) -> Whole:
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        return cls(folder, is_closed, files, tremor.read(folder))

    def apply(self, damage: Damage) -> None:
        for name, content in damage.files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)

    def restore(self, damage: Damage) -> None:
        for name in damage.files:
            (self.folder / name).write_bytes(self.files[name])


def complaints(whole: Whole, damage: Damage) -> Iterator[str]:
    """Yield what is wrong with a damaged folder as it is read."""
    least = least_samples(whole, damage)
    try:
        found = tremor.read(whole.folder)
    except REFUSALS as error:
        if "\n" in str(error):
            yield "an error of several lines"
        if least >= 2:
            yield f"refused although samples are there: {type(error).__name__}"
        return
    except TremorError as error:
        yield f"the wrong error: {type(error).__name__}"
        return
    except Exception as error:
        yield f"an error of the program: {type(error).__name__}: {error}"
        return
    yield from of_samples(whole.recording, found, least)
    yield from of_what_is_said(whole, damage, found)
    if len(damage.files) == 1:
        yield from of_facts(whole, damage, found)


def least_samples(whole: Whole, damage: Damage) -> int:
    """Return how many samples are in the file that holds most of them."""
    rows = damage.files.get("samples.csv", whole.files["samples.csv"])
    n_in_rows = n_rows(rows or b"")
    if damage.kind == "flipped" and "samples.csv" in damage.files:
        n_in_rows = 0
    if damage.files.get("packets.bin", b"") is None:
        return n_in_rows
    try:
        log = read_packet_log(whole.folder / "packets.bin")
    except CaptureReadError:
        return n_in_rows
    n_packets = sum(isinstance(one, Packet) for one in log.records)
    return max(n_in_rows, n_packets * SIZE)


def of_samples(expected: Recording, found: Recording, least: int) -> Iterator[str]:
    samples, recorded = found.acceleration_ms2, expected.acceleration_ms2
    n = len(samples)
    there = np.isfinite(samples).all(axis=1)
    if np.count_nonzero(there) < least:
        yield "samples that a file holds are missing"
    if n > len(recorded):
        yield "more samples than were recorded"
        return
    if not np.array_equal(samples[there], recorded[:n][there]):
        yield "samples that are not those recorded, or not in their place"
        return
    was_there = np.isfinite(recorded[:n]).all(axis=1)
    if (was_there & ~there).any():
        yield "a loss that did not happen"
    if abs(found.sampling_rate_hz / expected.sampling_rate_hz - 1.0) > 1e-3:
        yield "another rate"


def of_what_is_said(whole: Whole, damage: Damage, found: Recording) -> Iterator[str]:
    codes = Counter(one.code for one in found.warnings)
    for one in sorted(codes.keys() & UNTRUE):
        yield f"{one} is said"
    for one in (one for one, n in codes.items() if n > 1 and one not in OF_FILES):
        yield f"{one} is said twice"
    for one in found.warnings:
        if one.code == "GAPS" and (one.values["n_gaps"], one.values["n_lost"]) != (1, SIZE):
            yield "GAPS of another length"
        if one.code in OF_FILES and one.values["file"] not in damage.files:
            yield f"{one.code} of a file that is whole"
    manifest = damage.files.get("recording.json", b"{}")
    is_broken_off = not whole.is_closed or manifest is None or not is_closed(whole, damage)
    if ("RECORDING_CUT" in codes) != is_broken_off:
        yield f"RECORDING_CUT is {'not said' if is_broken_off else 'said of a closed recording'}"
    own = {"samples.csv", "packets.bin", "recording.json"} & set(damage.files)
    if own == {"recording.json"} and holds_the_same(whole, damage):
        return
    has_checksum = not is_broken_off or (damage.kind == "flipped" and "recording.json" in own)
    if own and has_checksum and not names(found, own):
        yield "a damaged file is not named"
    if "SAMPLES_MENDED" in codes and "samples.csv" not in damage.files:
        yield "SAMPLES_MENDED of rows that are whole"


def names(found: Recording, files: set[str]) -> bool:
    whys = [one.values.get("why") for one in found.warnings]
    values = [one.values for one in (*found.warnings, *whys) if isinstance(one, Note)]
    return any(one.get("file") in files for one in values)


def holds_the_same(whole: Whole, damage: Damage) -> bool:
    """Check whether a manifest says what it said: 1e-3 as 1E-3, or without its own checksum."""
    try:
        before, after = (json.loads(one.files["recording.json"] or b"") for one in (whole, damage))
    except ValueError:
        return False
    del before["crc32"]
    return before.items() <= after.items() if "crc32" not in after else before == without(after)


def without(document: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if key != "crc32"}


def is_closed(whole: Whole, damage: Damage) -> bool:
    """Check whether the manifest still says that the recording was closed."""
    content = damage.files.get("recording.json", whole.files["recording.json"])
    try:
        manifest = json.loads(content or b"")
        return bool(manifest["schema"] == "tremor.recording/1" and manifest["closed"] is True)
    except (ValueError, KeyError):
        return False


def of_facts(whole: Whole, damage: Damage, found: Recording) -> Iterator[str]:
    """Compare what more than one file holds."""
    expected = whole.recording
    if str(found.placement) != str(expected.placement):
        yield "another placement"
    times = (found.started_at, expected.started_at)
    if None in times or abs((times[0] - times[1]).total_seconds()) > 2e-3:
        yield "another start"
    if (found.gravity, found.sensor) != (expected.gravity, expected.sensor):
        yield "another sensor"
    markers = read_markers(whole.folder, started_at=found.started_at)
    if [one.text for one in markers] != ["stood up"] and damage.kind != "flipped":
        yield "the marker is lost"


def of_context(whole: Whole) -> Iterator[str]:
    try:
        Context.from_file(whole.folder / "context.toml")
    except ContextError:
        pass
    except TremorError:
        if (whole.folder / "context.toml").exists():
            yield "the wrong error"
    except Exception as error:
        yield f"an error of the program: {type(error).__name__}"


# --- all of them ---------------------------------------------------------------------------------


@dataclass
class Tally:
    """What was tried, and what was wrong."""

    n: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)


def try_all(whole: Whole, step: int, keep: Path | None) -> Tally:
    tally = Tally()
    for damage in damages(whole.files, step):
        tally.n[damage.where, damage.kind] += 1
        whole.apply(damage)
        said = [*complaints(whole, damage)]
        if "context.toml" in damage.files:
            said += of_context(whole)
        for one in said:
            case = f"{damage.where} {damage.kind}: {one}"
            tally.wrong[case] += 1
            if tally.wrong[case] == 1 and keep is not None:
                state = "closed" if whole.is_closed else "running"
                shutil.copytree(whole.folder, keep / f"{state} {case}"[:120], dirs_exist_ok=True)
        whole.restore(damage)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help=f"every {SHORT_STEP}th byte")
    parser.add_argument("--keep", type=Path, help="where the first folder of each kind is copied")
    asked = parser.parse_args()
    if Path("/dev/shm").is_dir():  # syncing is what takes the time
        tempfile.tempdir = "/dev/shm"
    n_wrong = 0
    with tempfile.TemporaryDirectory(prefix="tremor-cuts-") as parent:
        closed, running = Path(parent) / "closed", Path(parent) / "running"
        record(closed, running)
        for folder in (closed, running):
            whole = Whole.of(folder, is_closed=folder == closed)
            began_s = time.monotonic()
            tally = try_all(whole, SHORT_STEP if asked.short else 1, asked.keep)
            n_tried, took_s = tally.n.total(), time.monotonic() - began_s
            print(f"{folder.name}: {n_tried} damaged folders were read in {took_s:.0f} s")
            for (name, kind), n in tally.n.items():
                print(f"    {name:40} {kind:8} {n:6}")
            for case, n in tally.wrong.items():
                print(f"    WRONG {n:6} times: {case}")
            n_wrong += tally.wrong.total()
    print("all as it must be" if not n_wrong else f"{n_wrong} are wrong")
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
