"""Sensors made of nothing but code: what they sample, say and send, byte for byte.

`movement` is what they feel, `model` and the files of the families how they speak, and `backend`
puts them in the place of the Bluetooth of the operating system.
"""
