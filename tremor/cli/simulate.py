"""``tremor simulate``: captures of known truth."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tremor.cli.options import common_options, overwrite_option
from tremor.cli.paths import PATH
from tremor.cli.streams import echo
from tremor.files import refuse_existing

if TYPE_CHECKING:
    from tremor.recording import Placement
    from tremor.synthesis import Loss, Rendered, Scene

__all__ = ["simulate"]

_STARTED_AT = "2026-01-01T09:00:00+01:00"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@common_options
def simulate() -> None:
    """Make captures of known truth."""


@simulate.command()
@click.argument("path", type=PATH)
@click.option(
    "--scene",
    "scene_name",
    default="post_run",
    show_default=True,
    metavar="NAME",
    help="What happens; an unknown name lists them all.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The same seed gives the same file.",
)
@click.option(
    "--duration",
    "duration_s",
    type=float,
    default=300.0,
    show_default=True,
    help="Length of the capture, s.",
)
@click.option(
    "--rate",
    "nominal_rate_hz",
    type=float,
    default=104.0,
    show_default=True,
    help="Sampling rate that the sensor claims, Hz.",
)
@click.option(
    "--rate-error",
    "rate_error_percent",
    type=float,
    default=0.0,
    show_default=True,
    help="True rate over the claimed one, less one, percent.",
)
@click.option("--frequency", "frequency_hz", type=float, help="Centre of the tremor, Hz.")
@click.option(
    "--bandwidth", "bandwidth_hz", type=float, help="Half-power full width of the tremor, Hz."
)
@click.option(
    "--rms", "rms_ms2", type=float, help="RMS of the tremor at the start of the rest, m/s^2."
)
@click.option(
    "--half-life", "half_life_s", type=float, help="Half-life of the tremor, s; 0 keeps it steady."
)
@click.option("--floor", "floor_rms_ms2", type=float, help="RMS of the tremor that stays, m/s^2.")
@click.option(
    "--heartbeat",
    "heartbeat_rms_ms2",
    type=float,
    help="RMS of the ringing of the heartbeat, m/s^2.",
)
@click.option(
    "--gap",
    "gaps",
    multiple=True,
    metavar="START:LENGTH",
    help="Lose the samples of a gap, s; may be given again.",
)
@click.option(
    "--placement", default="left-calf", show_default=True, help="Where the sensor is worn."
)
@click.option(
    "--started-at",
    default=_STARTED_AT,
    show_default=True,
    metavar="ISO",
    help="Wall time of the start, with its zone.",
)
@overwrite_option
@common_options
def session(
    path: Path,
    scene_name: str,
    seed: int,
    duration_s: float,
    nominal_rate_hz: float,
    rate_error_percent: float,
    gaps: tuple[str, ...],
    placement: str,
    started_at: str,
    overwrite: bool,
    frequency_hz: float | None,
    bandwidth_hz: float | None,
    rms_ms2: float | None,
    half_life_s: float | None,
    floor_rms_ms2: float | None,
    heartbeat_rms_ms2: float | None,
) -> None:
    """Write a capture to PATH, and the truth about it to PATH.truth.json."""
    from tremor.recording import Placement
    from tremor.synthesis import render

    refuse_existing(path, overwrite=overwrite, option="--overwrite")
    refuse_existing(_truth_path(path), overwrite=overwrite, option="--overwrite")
    rendered = render(
        _scene(
            scene_name,
            duration_s=duration_s,
            nominal_rate_hz=nominal_rate_hz,
            rate_error=rate_error_percent / 100.0,
            losses=tuple(_loss(text) for text in gaps),
            tremor={
                "frequency_hz": frequency_hz,
                "bandwidth_hz": bandwidth_hz,
                "initial_rms_ms2": rms_ms2,
                "half_life_s": half_life_s,
                "floor_rms_ms2": floor_rms_ms2,
            },
            heartbeat={"rms_ms2": heartbeat_rms_ms2},
        ),
        seed=seed,
    )
    _write(
        rendered,
        path,
        started_at=_aware(started_at),
        placement=Placement.from_text(placement),
        overwrite=overwrite,
    )
    echo(
        f"{path}: {scene_name}, {int(rendered.kept.sum())} samples in {duration_s:g} s "
        f"at {rendered.sampling_rate_hz:g} Hz, {int((~rendered.kept).sum())} lost"
    )
    echo(f"{_truth_path(path)}: the truth about it")


def _truth_path(path: Path) -> Path:
    return path.with_name(path.name + ".truth.json")


def _write(
    rendered: Rendered, path: Path, *, started_at: datetime, placement: Placement, overwrite: bool
) -> None:
    """Write the samples of a scene, and the truth about them beside them."""
    import json

    from tremor.files import write_text
    from tremor.formats.csv.native import NativePreamble, write_native_csv
    from tremor.recording import SensorInfo

    scene = rendered.scene
    write_native_csv(
        path,
        rendered.acceleration_ms2[rendered.kept],
        time_s=rendered.stamp_s[rendered.kept],
        preamble=NativePreamble(
            gravity="included",
            nominal_sampling_rate_hz=scene.clock.nominal_rate_hz,
            started_at=started_at,
            sensor=SensorInfo(name="simulated", range_ms2=scene.sensor.range_ms2),
            placement=placement,
            note=f"generated: scene {scene.name}, seed {rendered.seed}",
        ),
        decimals=4,
        overwrite=overwrite,
    )
    write_text(_truth_path(path), json.dumps(_truth(rendered), indent=2) + "\n")


def _scene(
    name: str,
    *,
    duration_s: float,
    nominal_rate_hz: float,
    rate_error: float,
    losses: tuple[Loss, ...],
    tremor: dict[str, float | None],
    heartbeat: dict[str, float | None],
) -> Scene:
    """Build the named scene, with the requested changes."""
    from dataclasses import replace

    from tremor.errors import InvalidInputError
    from tremor.settings import OPTION_BOUNDS
    from tremor.synthesis import SCENES, Heartbeat, SensorClock, Tremor

    if name not in SCENES:
        raise InvalidInputError(f"no scene {name!r}; choose one of {', '.join(SCENES)}")
    clock = SensorClock(nominal_rate_hz=nominal_rate_hz, rate_error=rate_error)
    most = OPTION_BOUNDS.most_simulated_samples
    if not duration_s * clock.true_rate_hz <= most:
        raise InvalidInputError(
            f"{duration_s:g} s at {clock.true_rate_hz:g} Hz are more than {most:g} samples; make "
            "it shorter, or lower --rate"
        )
    scene = replace(SCENES[name](clock=clock, duration_s=duration_s), losses=losses)
    for kind, asked in ((Tremor, tremor), (Heartbeat, heartbeat)):
        changes: dict[str, Any] = {key: value for key, value in asked.items() if value is not None}
        for key, value in changes.items():
            if not 0.0 <= value <= OPTION_BOUNDS.most_simulated:
                raise InvalidInputError(
                    f"{key} of the {kind.__name__.lower()} is {value:g}; give 0 to "
                    f"{OPTION_BOUNDS.most_simulated:g}"
                )
        if changes.get("half_life_s") == 0.0:
            changes["half_life_s"] = None
        if changes and not any(isinstance(part, kind) for part in scene.parts):
            raise InvalidInputError(
                f"scene {name} has no {kind.__name__.lower()} to change; choose another scene"
            )
        scene = replace(
            scene,
            parts=tuple(
                replace(part, **changes) if isinstance(part, kind) else part for part in scene.parts
            ),
        )
    return scene


def _loss(text: str) -> Loss:
    from tremor.errors import InvalidInputError
    from tremor.synthesis import Loss

    start, _, length = text.partition(":")
    try:
        loss = Loss(start_s=float(start), duration_s=float(length))
    except ValueError:
        raise InvalidInputError(
            f"gap {text!r} is not START:LENGTH in seconds, as 120:1.5"
        ) from None
    if not (0.0 <= loss.start_s < float("inf") and 0.0 < loss.duration_s < float("inf")):
        raise InvalidInputError(f"gap {text!r} starts before 0 s or has no length")
    return loss


def _aware(text: str) -> datetime:
    from tremor.errors import InvalidInputError

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"{text!r} is no ISO 8601 time, as {_STARTED_AT}") from None
    if moment.tzinfo is None:
        raise InvalidInputError(f"{text!r} has no zone; give one, as {_STARTED_AT}")
    return moment


def _truth(rendered: Rendered) -> dict[str, object]:
    """Return everything that is known of a capture because it was synthesised."""
    from dataclasses import asdict

    scene = rendered.scene
    tremor = None
    if scene.tremor is not None:
        part = scene.tremor
        tremor = {
            "start_s": part.start_s,
            "end_s": scene.duration_s if part.end_s is None else part.end_s,
            "frequency_hz": part.frequency_hz,
            "bandwidth_hz": part.bandwidth_hz,
            "initial_rms_ms2": part.initial_rms_ms2,
            "half_life_s": part.half_life_s,
            "floor_rms_ms2": part.floor_rms_ms2,
        }
    return {
        "schema": "tremor.truth/1",
        "scene": scene.name,
        "seed": rendered.seed,
        "duration_s": scene.duration_s,
        "sampling_rate_hz": rendered.sampling_rate_hz,
        "nominal_sampling_rate_hz": scene.clock.nominal_rate_hz,
        "n_samples": int(rendered.kept.sum()),
        "gaps": [asdict(gap) for gap in rendered.gaps],
        "postures": [
            {"start_s": posture.start_s, "end_s": posture.end_s, "label": posture.label}
            for posture in scene.postures
        ],
        "tremor": tremor,
        "n_heartbeats": len(rendered.beat_time_s),
        "n_strides": len(rendered.stride_time_s),
        "sensor": asdict(scene.sensor),
        "clock": asdict(scene.clock),
        "parts": [{"kind": type(part).__name__, **asdict(part)} for part in scene.parts],
    }
