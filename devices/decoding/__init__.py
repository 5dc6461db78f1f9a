"""Packets to samples: framing, layouts, sample counts and clocks. No Bluetooth."""
