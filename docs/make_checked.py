"""Write docs/checked-files.md: what ``tremor check`` finds in captures that are not shipped.

    python docs/make_checked.py FOLDER

FOLDER holds captures of others and made-up ones, with licences that do not allow, or need not, ship
them. Each file, recording folder and archive below it is a row.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CODE = "import sys; from tremor.cli.main import main; sys.exit(main())"
PAGE = Path(__file__).with_name("checked-files.md")
OPENING = """# What check says of files that are not ours

Captures of phones, loggers and laboratories, and made-up ones of the kinds that mislead a reader:
clocks that are set, units that are named wrongly, losses that hide, damaged and hostile files. They
are not shipped. `python docs/make_checked.py FOLDER` writes this page; no row is edited by hand.

"good", "usable" and "not usable" are the words of `tremor check`; 3 is a file that is refused, 4
one that is read and cannot be judged.
"""
#: Endings of files that lie beside captures.
BESIDE = {".md", ".tsv", ".py", ".sh", ""}
#: Decisions that are shown with how they were reached.
SHOWN = ("unit", "gravity", "time_column")
LONGEST = 200


def captures(folder: Path) -> Iterator[Path]:
    """Yield what may be a capture, recording folders and folders of several files as one."""
    for one in sorted(folder.iterdir()):
        if one.is_dir():
            if any((one / name).exists() for name in ("recording.json", "Accelerometer.csv")):
                yield one
            else:
                yield from captures(one)
        elif one.suffix not in BESIDE and "LICENSE" not in one.name:
            yield one


def row(path: Path, folder: Path) -> str:
    """Return the row of one capture."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, "check", str(path), "--json", "-q"],
        capture_output=True,
        text=True,
        errors="replace",
    )
    name = f"`{path.relative_to(folder).as_posix()}`"
    if not done.stdout.strip():
        lines = done.stderr.strip().splitlines() or ["nothing said"]
        said = lines[-1].removeprefix("tremor: ").replace(str(path), path.name)
        said = said.replace(str(path.parent) + "/", "").replace("|", "\\|")
        cut = said if len(said) <= LONGEST else said[: LONGEST - 1].rsplit(" ", 1)[0] + " …"
        return f"| {name} | refused ({done.returncode}) | | | {cut.replace('<', '&lt;')} |"
    found = json.loads(done.stdout)
    recording = found["recording"]
    how = {one["about"]: one["how"] for one in recording["decisions"]}
    units = f"{recording['unit_in']}, gravity {recording['gravity']}"
    told = ", ".join(f"{about.replace('_', ' ')} {how[about]}" for about in SHOWN if about in how)
    n_lost = sum(gap["n_lost"] for gap in recording["gaps"])
    rate = f"{recording['sampling_rate_hz']:.2f} Hz, {recording['n_samples']} samples"
    lost = f", {n_lost} lost" if n_lost else ""
    codes = " ".join(dict.fromkeys(one["code"] for one in recording["warnings"]))
    verdict = found["verdict"].replace("_", " ")
    return (
        f"| {name} | {verdict} ({done.returncode}) | {found['source']['format']}: {units} ({told}) "
        f"| {rate}{lost} | {codes} |"
    )


def main() -> None:
    """Write the page."""
    folder = Path(sys.argv[1])
    rows = [row(path, folder) for path in captures(folder)]
    head = [
        "| file | result | what it is | samples | warnings, or why not |",
        "|---|---|---|---|---|",
    ]
    PAGE.write_text("\n".join([OPENING, *head, *rows]) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(rows)} rows\n")


if __name__ == "__main__":
    main()
