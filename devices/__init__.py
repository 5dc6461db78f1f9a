"""Sensors of tremor-analyzer: profiles, decoders and the Bluetooth link."""

from devices.catalog import PROFILES
from devices.sources import open_source

__all__ = ["DISTRIBUTION", "PROFILES", "open_source"]

#: Distribution of this package; another one might ship a package of the same name.
DISTRIBUTION = "tremor-analyzer"
