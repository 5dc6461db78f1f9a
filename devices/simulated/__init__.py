"""Simulated sensors: what they measure, and the bytes that they exchange.

`movement` is the acceleration, `model` and the files named after sensors are the protocols, and
`backend` replaces the Bluetooth of the operating system.
"""
