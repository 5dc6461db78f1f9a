from __future__ import annotations

import numpy as np
import pytest
from rigs.captures import packets

from devices.profile import Advertisement, Subscribe, Unsubscribe, Write
from devices.sensors.thingy52 import PROFILE
from tremor.errors import PacketError
from tremor.units import STANDARD_GRAVITY_MS2 as G

VECTORS = packets("thingy52")
CUT = next(one for one in VECTORS if one["edited"])
CONFIG = next(one for one in VECTORS if one["direction"] == "write")
DATA = PROFILE.data_characteristics[0]


def test_a_cut_notification_is_refused_and_a_whole_one_is_decoded():
    data = bytes.fromhex(CUT["hex"])
    decoder = PROFILE.decoder()
    with pytest.raises(PacketError, match="6 bytes"):
        decoder.feed(DATA, data, 0.0)
    (block,) = decoder.feed(DATA, data + bytes(12), 0.1)
    np.testing.assert_allclose(block.acceleration_ms2 / G, [CUT["expected"]["acc_g"]], atol=1e-9)
    assert block.first_index == 0


def test_repeated_samples_stay():
    # The sensor repeats samples where the link is slower than it; a repeat cannot be told.
    decoder = PROFILE.decoder()
    packets = [decoder.feed(DATA, bytes(18), 0.01 * n)[0].first_index for n in range(5)]
    assert packets == list(range(5))


def test_start_configures_and_stop_ends(talk):
    steps, started = talk(PROFILE.start(PROFILE.settings(sampling_rate_hz=200)), {})
    assert steps == [
        Write(CONFIG["characteristic"], bytes.fromhex(CONFIG["hex"])),
        Subscribe(DATA),
    ]
    assert any("2 g" in note and "clipped" in note for note in started.notes)
    assert talk(PROFILE.stop(started.settings), {})[0] == [Unsubscribe(DATA)]


def test_recognition():
    assert PROFILE.recognises(Advertisement("Thingy"))
    assert PROFILE.recognises(Advertisement("", (PROFILE.services[0],)))
    assert not PROFILE.recognises(Advertisement("Thingy91"))
