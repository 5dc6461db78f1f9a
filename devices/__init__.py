"""Sensors of tremor-analyzer: profiles, decoders and the Bluetooth link."""

from .catalog import PROFILES
from .sources import open_source

__all__ = ["DISTRIBUTION", "PROFILES", "open_source"]

#: Which distribution this package belongs to: another one could ship the same generic name.
DISTRIBUTION = "tremor-analyzer"
