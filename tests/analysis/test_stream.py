"""What is known of a stream ahead must be possible."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.analysis.stream import StreamFacts
from tremor.errors import InvalidInputError
from tremor.recording import Recording


@pytest.mark.parametrize("facts", [{"scale_correction": 0.0}, {"range_ms2": -1.0}])
def test_facts_must_be_possible(facts):
    with pytest.raises(InvalidInputError, match="positive number"):
        StreamFacts(**facts)


def test_facts_of_a_recording_are_those_of_its_rows():
    samples = np.random.default_rng(0).normal(size=(400, 3))
    samples[:, 1] = 0.0
    recording = Recording.from_arrays(samples, sampling_rate_hz=100.0)
    facts = StreamFacts.of(recording)
    assert (facts.first_index, facts.n_dead_axes) == (0, len(recording.dead_axes))
    assert len(facts.clipped) == 400
