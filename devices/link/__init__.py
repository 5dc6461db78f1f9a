"""The Bluetooth link: discovery, connection, conversation with the sensor, queue of packets.

`radio` calls bleak, and `bleak_errors` translates what bleak raises. `connection` and
`conversation` handle one connection, `stream` queues the packets of all of them, and `source` puts
the parts together. What the bytes mean is known in `devices.sensors` only.
"""
