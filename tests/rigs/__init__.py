"""Test rigs: made-up sensors and runners, and a Bluetooth daemon of our own on a private D-Bus."""
