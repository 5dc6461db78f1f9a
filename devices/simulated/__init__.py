"""Simulated sensors: what they measure, and the bytes that they exchange.

`movement` is the acceleration, `model` and the files of the families are the protocols, and
`backend` replaces the Bluetooth of the operating system.
"""
