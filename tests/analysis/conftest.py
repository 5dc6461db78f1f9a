"""Tables of windows whose verdicts are given by name."""

import numpy as np
import pytest

from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings

SETTINGS = AnalysisSettings()


def _table_of(reasons, band_rms_ms2, *, noise_ms2=0.005):
    """Windows of 4 s every 2 s with the reasons given by name."""
    n = len(reasons)
    start = SETTINGS.step_s * np.arange(n)
    names = np.array(reasons, dtype=object)
    moving = np.isin(names, ["moving", "gait", "clipped"])
    missing = np.full((n, 3), np.nan)
    width = missing.copy()
    width[names == "line"] = [1.0, 0.6, 1.6]
    return WindowTable(
        start_s=start,
        end_s=start + SETTINGS.window_s,
        reason=np.array([REASON_NAMES.index(name) for name in names], dtype=np.uint8),
        score=np.zeros(n),
        threshold=np.zeros(n),
        estimates=dict.fromkeys(ESTIMATE_NAMES, missing) | {"bandwidth_hz": width},
        method=np.zeros(n, dtype=np.uint8),
        polarisation=np.full(n, np.nan),
        scores={
            "band_rms_ms2": np.broadcast_to(band_rms_ms2, n).astype(float),
            "floor_rms_ms2": np.full(n, noise_ms2),
            "low_rms_ms2": np.where(moving, 3.0, 0.01),
        },
    )


@pytest.fixture
def table_of():
    return _table_of
