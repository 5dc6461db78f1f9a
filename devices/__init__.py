"""Sensors of tremor-analyzer: profiles, decoders and the Bluetooth link."""

#: Which distribution this package belongs to: another one could ship the same generic name.
DISTRIBUTION = "tremor-analyzer"
