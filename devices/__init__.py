"""Sensors of tremor-analyzer: profiles, decoders and the Bluetooth link."""

from .catalog import PROFILES

__all__ = ["DISTRIBUTION", "PROFILES"]

#: Which distribution this package belongs to: another one could ship the same generic name.
DISTRIBUTION = "tremor-analyzer"
