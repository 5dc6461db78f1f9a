"""One file a sensor: who it is, how it is started, how its bytes become samples. No Bluetooth."""
