"""The Bluetooth link: discovery, connection, conversation and the stream of packets."""
