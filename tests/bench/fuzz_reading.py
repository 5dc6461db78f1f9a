"""Fuzz the way in: files are mutated, and kept where they reach lines that none reached before.

    python tests/bench/fuzz_reading.py [--short] [--target NAME] [--minutes N] [--seed N]
                                       [--keep FOLDER]

Targets are captures of each format of the table, zip archives, JSON and recording folders; packets
of each sensor; recordings whose rows are held against their packets; answers, settings, activities
of a watch, and saved results (`tests/rigs/fuzz_targets.py`). Their files are mutated by bytes,
lines, cells and members. What none of the others did, by the steps from line to line within the
code under test, becomes a seed itself. Each file has less than 1 MB. A find is any error but those
of `tremor.errors`, a recording that contradicts itself, more than 5 s of processor time, or more
than 500 MB; it is made as small as it can be and still fail alike, and named with its place.

A worker process does the reading, so that an endless loop or a crash is a find, too. Finds that
were mended are kept in tests/formats/fuzz_corpus, which is read by tests/formats/test_fuzz_corpus.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import pickle
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from formats.seeds import Case, write  # noqa: E402
from rigs.fuzz_targets import TARGETS  # noqa: E402

from tremor.errors import ContextError, TremorError  # noqa: E402
from tremor.printable import printable  # noqa: E402

MOST_BYTES = 1_000_000
MOST_CPU_S = 5
MOST_MEMORY_BYTES = 500_000_000
#: A worker that says nothing for so long is stuck in code that hears no signal.
MOST_SILENCE_S = 60.0
#: In the short form, for each target.
SHORT_S = 3.0
MINIMISING_TRIES = 200

CELLS = (
    "", "nan", "NaN", "inf", "-inf", "0", "-0", "1e300", "-1e300", "1e308", "1e-320", "9" * 400,
    "1e999999999", "0x10", "1_0", "\u0661", "1,5", "1.5.1", "+1", '"', '""', "#", "TRUE", "null",
    "x", "time", "2024-01-01 00:00:00", "2024-13-41T25:61:61", "31.12.1969 23:59:59,5",
    "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999", "23:59:59.999", "99:99:99", "24:00:00",
    "-9223372036854775808", "18446744073709551616", "9007199254740993", "-32768", "32767",
    "1.7976931348623157e308", "45000.5", "4294967295", "time_s", "acc_x (m/s^2)", "x (rad/s)",
    "\u202e", "\x00", "\ud7ff",
)  # fmt: skip
TOKENS = (
    *(cell.encode("utf-8", "surrogatepass") for cell in CELLS),
    b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b"\t", b";", b"|", b",", b" ",
    b"PK\x03\x04", b"{", b"[", b"]", b"}", b"# unit: mg\n", b"sep=;\n", b"# tremor-csv 1\n",
    b'{"a":', b"\x1f\x8b", b"\x00" * 9, b"\n\n\n", b"\x1b[31m",
)  # fmt: skip


class TooSlowError(BaseException):
    """The case used up its processor time; no handler of the code under test catches it."""


# --- mutation ------------------------------------------------------------------------------------


def mutate_bytes(content, rng, other):
    size = max(1, len(content))
    at, n = rng.randrange(size), min(size, 1 << rng.randrange(8))
    return rng.choice(
        (
            lambda: content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :],
            lambda: (
                content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
                if content
                else b"\x00"
            ),
            lambda: content[:at] + content[at + n :],
            lambda: content[:at] + content[at : at + n] * rng.randrange(2, 40) + content[at:],
            lambda: content[:at] + rng.choice(TOKENS) + content[at:],
            lambda: content[:at] + rng.choice(TOKENS) + content[at + n :],
            lambda: content[:at],
            lambda: content[:at] + other[rng.randrange(max(1, len(other))) :],
        )
    )()


def mutate_lines(content, rng, other):
    end = b"\n" if b"\n" in content else b"\r"
    lines = content.split(end)
    at = rng.randrange(len(lines))
    till = min(len(lines), at + (1 << rng.randrange(7)))
    strange = other.split(end)
    return end.join(
        rng.choice(
            (
                lambda: lines[:at] + lines[till:],
                lambda: lines[:at] + lines[at:till] * rng.randrange(2, 30) + lines[at:],
                lambda: lines[:at] + lines[at:till][::-1] + lines[till:],
                lambda: [*lines[:at], b"".join(lines[at:till]), *lines[till:]],
                lambda: [*lines[:at], rng.choice(strange), *lines[at:]],
                lambda: lines[:at] + [b""] * rng.randrange(1, 300) + lines[at:],
                lambda: [*lines[:at], mutate_bytes(lines[at], rng, other), *lines[at + 1 :]],
            )
        )()
    )


def mutate_cells(content, rng, other):
    """Replace, remove, add or quote a cell, in one line, in a run of lines, or in all of them."""
    del other
    end = b"\n" if b"\n" in content else b"\r"
    lines = content.split(end)
    sign = max((b",", b";", b"\t", b"|"), key=content.count)
    at = rng.randrange(len(lines))
    column = rng.randrange(max(1, lines[at].count(sign) + 1))
    till = rng.choice((at + 1, at + 2, len(lines), len(lines)))
    new = rng.choice(CELLS).encode("utf-8", "surrogatepass")
    kind = rng.randrange(7)
    step = rng.choice((1, 1, 2, 7))
    for number in range(at, min(till, len(lines)), step):
        cells = lines[number].split(sign)
        if column >= len(cells):
            continue
        old = cells[column]
        cells[column : column + 1] = (
            [new], [], [old, new], [b'"' + old + b'"'], [old.replace(b".", b",")],
            [rescaled(old, rng)], [old + new],
        )[kind]  # fmt: skip
        lines[number] = sign.join(cells)
    return end.join(lines)


def rescaled(cell, rng):
    """Return a number times a power of ten or plus a great one, as text."""
    try:
        value = float(cell)
    except ValueError:
        return cell[::-1]
    scale = 10.0 ** rng.choice((-30, -9, -6, -3, 3, 6, 9, 12, 18, 200))
    return repr(rng.choice((value * scale, value + scale, -value, value % 1.0, scale))).encode()


def mutate_form(content, rng, other):
    """Change delimiter, line ends, encoding, or the number of rows."""
    del other
    text = content.decode("utf-8", "replace")
    end = "\n" if "\n" in text else "\r"
    signs = [sign for sign in ",;\t|" if sign in text] or [","]
    return rng.choice(
        (
            lambda: text.replace(rng.choice(signs), rng.choice(",;\t| :")).encode(errors="replace"),
            lambda: text.replace(end, rng.choice(("\r", "\r\n", "\n\n", "\n\r"))).encode(),
            lambda: text.encode(rng.choice(("utf-16", "utf-16-be", "utf-8-sig")), "replace"),
            lambda: text.encode(rng.choice(("gbk", "latin-1", "utf-7")), "replace"),
            lambda: text.replace(".", ",").encode(),
            lambda: (text + end.join(text.split(end)[1:]) * rng.randrange(1, 30)).encode(),
            lambda: text.upper().encode(),
            lambda: re.sub(r"\d", str(rng.randrange(10)), text, count=rng.randrange(200)).encode(),
        )
    )()


MUTATORS = (mutate_bytes, mutate_bytes, mutate_lines, mutate_cells, mutate_cells, mutate_form)


def mutated(case, corpus, rng):
    """Return a case with one to eight changes."""
    files = dict(case.files)
    for _ in range(1 << rng.randrange(4)):
        name = rng.choice(sorted(files))
        strange = rng.choice(corpus)
        other = strange.files[rng.choice(sorted(strange.files))]
        if len(files) > 1 and rng.random() < 0.05:
            del files[name]
        elif case.kind != "file" and rng.random() < 0.05:
            files[rng.choice(sorted(strange.files))] = other
        else:
            files[name] = rng.choice(MUTATORS)(files[name], rng, other)[:MOST_BYTES]
    if case.kind == "file" and rng.random() < 0.1:
        ((_, content),) = files.items()
        files = {rng.choice(sorted(rng.choice(corpus).files)).rpartition("/")[2]: content}
    if case.kind == "zip" and rng.random() < 0.2:  # damage the archive itself
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as one:
            for name, content in files.items():
                one.writestr(zipfile.ZipInfo(name), content)
        return Case("file", {"leg.zip": mutate_bytes(archive.getvalue(), rng, b"")})
    return replace(case, files=files)


# --- the worker ----------------------------------------------------------------------------------


class Steps:
    """Steps from line to line within some folders, of one case."""

    def __init__(self, folders):
        self.folders = tuple(one.replace("/", os.sep) for one in folders)
        self.seen = set()

    def __call__(self, frame, event, argument):
        del event, argument
        code = frame.f_code
        if not any(one in code.co_filename for one in self.folders):
            return None
        name, last = (code.co_filename, code.co_name), frame.f_lineno
        seen = self.seen

        def local(frame, event, argument):
            nonlocal last
            if event == "line":
                seen.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            elif event == "exception" and isinstance(argument[1], Exception):
                seen.add((name, last, argument[0].__name__))
            return local

        return local


def attempt(target, case, folder, options, *, tracer=None):
    """Read a case; return the name of its failure, or empty."""
    path = write(case, folder)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
    sys.settrace(tracer)
    try:
        TARGETS[target].examine(path, options)
    except TremorError as error:
        if any(printable(one) != one for one in lines_of(error)):
            return f"text that is not printable: {place_of(error)}"
    except TooSlowError as error:
        return f"too slow: {place_of(error)}"
    except Exception as error:
        return f"{type(error).__name__}: {place_of(error)}"
    finally:
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_PROF, 0)
        shutil.rmtree(folder, ignore_errors=True)
    if time.process_time() - start > MOST_CPU_S:
        return "too slow"
    return ""


def lines_of(error):
    """Return the lines that a command would say; of answers all problems are said."""
    return str(error).split("\n") if isinstance(error, ContextError) else [str(error)]


def place_of(error):
    """Return the innermost line of ours."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if str(ROOT) in one.filename]
    ours = [one for one in frames if "tests" not in one.filename] or frames
    inner = ours[-1]
    return f"{Path(inner.filename).relative_to(ROOT)}:{inner.lineno} in {inner.name}"


def minimised(target, case, failure, folder, options):
    """Return the smallest case found that fails alike: lines, then bytes, are left out."""
    n_tries = 0
    for name in sorted(case.files):
        for sign in (b"\n", b""):
            size = 1 << 14
            while size and n_tries < MINIMISING_TRIES:
                at = 0
                while at < len(pieces := pieces_of(case.files[name], sign)):
                    n_tries += 1
                    (folder.parent / "current").touch()  # it is not stuck
                    shorter = sign.join(pieces[:at] + pieces[at + size :])
                    smaller = replace(case, files={**case.files, name: shorter})
                    alike = attempt(target, smaller, folder, options) == failure
                    case, at = (smaller, at) if alike else (case, at + size)
                    if n_tries >= MINIMISING_TRIES:
                        break
                size //= 4
    return case


def pieces_of(content, sign):
    return content.split(sign) if sign else [content[i : i + 1] for i in range(len(content))]


@dataclass
class Tally:
    """What a worker did."""

    n_executed: int = 0
    n_read: int = 0
    edges: int = 0
    corpus: int = 0


def too_slow(*_):
    raise TooSlowError


def work(target, folder, seconds, seed):
    """Fuzz for some seconds; finds and the tally are files in the folder."""
    signal.signal(signal.SIGPROF, too_slow)
    rng = random.Random(seed)
    corpus = list(TARGETS[target].seeds())
    place, current = folder / "case", folder / "current"
    for case in corpus:  # whatever is imported late is imported now, before memory is bounded
        with contextlib.suppress(Exception):
            attempt(target, case, place, {})
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + MOST_MEMORY_BYTES,) * 2)
    seen, known = set(), set()
    tally, end = Tally(), time.monotonic() + seconds
    queue = list(corpus)
    while time.monotonic() < end:
        case = queue.pop() if queue else mutated(rng.choice(corpus), corpus, rng)
        options = rng.choice(TARGETS[target].options)
        current.write_bytes(pickle.dumps((case, options)))
        steps = Steps(TARGETS[target].folders)
        failure = attempt(target, case, place, options, tracer=steps)
        tally.n_executed += 1
        if failure and failure not in known:
            known.add(failure)
            small = minimised(target, case, failure, place, options)
            name = hashlib.sha256(failure.encode()).hexdigest()[:12]
            (folder / f"{name}.find").write_bytes(pickle.dumps((failure, small, options)))
        if steps.seen - seen:
            seen |= steps.seen
            corpus.append(case)
        tally.edges, tally.corpus = len(seen), len(corpus)
        if tally.n_executed % 20 == 0:
            (folder / "tally").write_bytes(pickle.dumps(tally))
    (folder / "tally").write_bytes(pickle.dumps(tally))


# --- the parent ----------------------------------------------------------------------------------


def supervise(target, folder, seconds, seed):
    """Run workers one after the other until the time is over; return the tallies."""
    tallies, end, number = [], time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 1.0:
        (folder / "current").unlink(missing_ok=True)
        (folder / "tally").unlink(missing_ok=True)
        worker = [target, str(folder), str(left), str(seed + number)]
        command = [sys.executable, __file__, "--worker", *worker]
        worker = subprocess.Popen(command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        begin = time.time()
        while worker.poll() is None:
            time.sleep(0.2)
            current = folder / "current"
            last = current.stat().st_mtime if current.exists() else begin
            if time.time() - last > MOST_SILENCE_S:
                worker.kill()
        if worker.returncode and (folder / "current").exists():
            case, options = pickle.loads((folder / "current").read_bytes())
            failure = f"the worker ended with {worker.returncode}"
            name = f"worker{number}"
            (folder / f"{name}.find").write_bytes(pickle.dumps((failure, case, options)))
        if (folder / "tally").exists():
            tallies.append(pickle.loads((folder / "tally").read_bytes()))
        number += 1
    return tallies


def fuzz(target, seconds, seed, keep):
    """Fuzz a target, print what was done, and return the number of finds."""
    with tempfile.TemporaryDirectory(prefix="tremor-fuzz-") as name:
        folder = Path(name)
        tallies = supervise(target, folder, seconds, seed)
        finds = [pickle.loads(one.read_bytes()) for one in sorted(folder.glob("*.find"))]
    print(
        f"{target}: {sum(one.n_executed for one in tallies)} files read in {seconds:.0f} s, "
        f"{max((one.edges for one in tallies), default=0)} steps from line to line, "
        f"{max((one.corpus for one in tallies), default=0)} seeds, {len(finds)} finds",
        flush=True,
    )
    for number, (failure, case, options) in enumerate(finds):
        size = sum(map(len, case.files.values()))
        print(f"  {failure} ({case.kind} of {size} bytes, options {options})")
        if keep:
            write(case, keep / target / f"find{number:02d}")
    return len(finds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help=f"{SHORT_S:g} seconds for each")
    parser.add_argument("--target", choices=TARGETS, action="append", help="all without it")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where the finds are written")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        target, folder, seconds, seed = arguments.worker
        work(target, Path(folder), float(seconds), int(seed))
        return
    if sys.platform != "linux":
        print("the limits of processor time and memory are those of Linux: nothing was done")
        return
    seconds = SHORT_S if arguments.short else 60.0 * arguments.minutes
    targets = arguments.target or TARGETS
    if sum(fuzz(one, seconds, arguments.seed, arguments.keep) for one in targets):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
