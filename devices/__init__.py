"""Sensors of tremor-analyzer: profiles, decoders and the Bluetooth link."""

from devices.catalog import PROFILES
from devices.sources import open_source

__all__ = ["DISTRIBUTION", "PROFILES", "open_source"]

#: Which distribution this package belongs to: another one could ship the same generic name.
DISTRIBUTION = "tremor-analyzer"
