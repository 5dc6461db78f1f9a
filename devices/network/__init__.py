"""Sensors that are reached over the network: phones, which answer requests or push messages.

`http` has the messages of HTTP, `client` asks, and `receiver` is asked. `source` is what a
recording needs of either, `polled` and `pushed` are the two kinds, `logged` plays a recorded one,
and `opening` makes them by their names. No other host is reached than the phone, and the receiver
listens at one address of this computer, for as long as the source is open. What bodies mean is
known in `devices.sensors` only.
"""
