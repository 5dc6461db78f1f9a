"""The Bluetooth link: discovery, connection, conversation with the sensor, queue of packets.

`radio` calls bleak, and `bleak_errors` translates what bleak raises; `connection` and
`conversation` are one connection, `stream` the packets of all of them, and `source` puts them
together. What the bytes mean is `devices.sensors`.
"""
