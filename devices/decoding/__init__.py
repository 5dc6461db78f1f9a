"""Packets to samples: framing, packet layouts, sample indices and clocks. No Bluetooth."""
