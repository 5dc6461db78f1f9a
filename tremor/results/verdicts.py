"""The verdicts on a window, and the table of the reasons for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

__all__ = ["METHODS", "REASONS", "REASON_NAMES", "VERDICTS", "Reason", "Verdict"]

Verdict = Literal[
    "tremor",
    "no_tremor",
    "moving",
    "gait",
    "impact",
    "heartbeat",
    "settling",
    "gap",
    "clipped",
    "dead",
]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)

#: Methods of the fit of a line; the empty one stands for no fit.
METHODS: Final = ("", "whittle", "least_squares")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a verdict: one score is above or below its threshold.

    Parameters
    ----------
    verdict : str
        The verdict.
    unit : str
        Unit of the score and of its threshold; ``1`` for a ratio, ``decades`` for its logarithm.
    """

    verdict: Verdict
    unit: str


#: All reasons by name; their sentences are in section ``window`` of the catalogue.
REASONS: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "line": Reason("tremor", "1"),
        "weak": Reason("no_tremor", "m/s^2"),
        "flat": Reason("no_tremor", "1"),
        "spread": Reason("no_tremor", "1"),
        "edge": Reason("no_tremor", "Hz"),
        "no_valley": Reason("no_tremor", "1"),
        "moving": Reason("moving", "m/s^2"),
        "beyond_band": Reason("moving", "m/s^2"),
        "gait": Reason("gait", "decades"),
        "impact": Reason("impact", "1"),
        "event": Reason("impact", "Hz"),
        "burst": Reason("impact", "1"),
        "with_movement": Reason("moving", "1"),
        "only_impacts": Reason("impact", "m/s^2"),
        "heartbeat": Reason("heartbeat", "1"),
        "heartbeats": Reason("heartbeat", "1"),
        "settling": Reason("settling", "s"),
        "placing": Reason("settling", "m/s^2"),
        "gap": Reason("gap", "s"),
        "clipped": Reason("clipped", "1"),
        "dead": Reason("dead", "axes"),
    }
)
REASON_NAMES: Final = tuple(REASONS)
