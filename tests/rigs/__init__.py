"""Test rigs: made-up sensors, and a Bluetooth daemon of our own on a private D-Bus."""
