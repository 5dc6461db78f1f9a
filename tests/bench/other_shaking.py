"""Scenes by another hand: shaking that is above the band, a machine, a vehicle or a bounced leg.

Each function takes a random generator and makes one capture with its truth.
"""

from __future__ import annotations

import numpy as np
import other_hand as oh
from other_hand import spread, uniform
from other_leg import Leg, usual

# --- above the band ---------------------------------------------------------------------------


def orthostatic(rng):
    """Standing tremor of 13-18 Hz."""
    leg = Leg(rng, uniform(rng, 60, 120), sway_deg=(0.1, 0.6))
    line = leg.tremor(uniform(rng, 13, 18), spread(rng, 0.45, 1.0), spread(rng, 0.1, 0.8))
    return leg.scene(line)


def orthostatic_25hz(rng):
    """Tremor of 11-12.2 Hz, sampled at 25 Hz."""
    leg = Leg(rng, uniform(rng, 60, 120), rates=(25.0,), sway_deg=(0.1, 0.6))
    line = leg.tremor(uniform(rng, 11, 12.2), spread(rng, 0.3, 0.7), spread(rng, 0.1, 0.8))
    return leg.scene(line)


# --- machines ---------------------------------------------------------------------------------


def machine(leg, speed_hz, *, jitter, correlation_s, rms_ms2, harmonics, breathing=0.05):
    rng = leg.rng
    phase = oh.turning_phase(
        rng, leg.n, leg.rate_hz, speed_hz, jitter=jitter, correlation_s=correlation_s
    )
    size = 1.0 + breathing * oh.slow(rng, leg.n, leg.rate_hz, 5.0)
    leg.motion += rms_ms2 * size[:, None] * oh.shaft(rng, phase, harmonics=harmonics)


def fan(rng):
    """A fan nearby, one speed, with jitter of 0.05-0.5 %."""
    leg = Leg(rng, uniform(rng, 60, 180))
    machine(
        leg,
        uniform(rng, 4.5, 14),
        jitter=spread(rng, 5e-4, 5e-3),
        correlation_s=spread(rng, 0.3, 10),
        rms_ms2=spread(rng, 0.05, 0.5),
        harmonics=(1.0, uniform(rng, 0, 0.3)),
    )
    return leg.scene()


def fan_speeds(rng):
    """A fan that is switched through two or three speeds."""
    leg = Leg(rng, uniform(rng, 90, 240))
    levels = np.sort(rng.uniform(5, 13, int(rng.choice([2, 3]))))
    levels = list(rng.permutation(levels + 0.8 * np.arange(levels.size)))
    machine(
        leg,
        oh.speeds(rng, leg.n, leg.rate_hz, levels, ramp_s=uniform(rng, 1, 5)),
        jitter=spread(rng, 5e-4, 3e-3),
        correlation_s=spread(rng, 0.3, 10),
        rms_ms2=spread(rng, 0.05, 0.5),
        harmonics=(1.0, uniform(rng, 0, 0.3)),
    )
    return leg.scene()


def washing_steady(rng):
    """A washing machine that spins at one speed; the drum beats with its load."""
    leg = Leg(rng, uniform(rng, 60, 180))
    machine(
        leg,
        uniform(rng, 5, 14),
        jitter=spread(rng, 1e-3, 5e-3),
        correlation_s=spread(rng, 0.5, 8),
        rms_ms2=spread(rng, 0.1, 1.5),
        harmonics=(1.0, uniform(rng, 0.05, 0.4), uniform(rng, 0, 0.2)),
        breathing=uniform(rng, 0.05, 0.2),
    )
    return leg.scene()


def washing_ramp(rng):
    """A washing machine that runs up to its spin in one or several ramps."""
    leg = Leg(rng, uniform(rng, 90, 240))
    top = uniform(rng, 9, 14)
    levels = [uniform(rng, 3.5, 5.5), uniform(rng, 6, 8.5), top][int(rng.integers(0, 2)) :]
    machine(
        leg,
        oh.speeds(rng, leg.n, leg.rate_hz, levels, ramp_s=uniform(rng, 10, 30)),
        jitter=spread(rng, 1e-3, 5e-3),
        correlation_s=spread(rng, 0.5, 8),
        rms_ms2=spread(rng, 0.1, 1.0),
        harmonics=(1.0, uniform(rng, 0.05, 0.4)),
        breathing=uniform(rng, 0.05, 0.2),
    )
    return leg.scene()


def loaded_motor(rng):
    """A motor under a changing load: it sags by a percent or two now and then."""
    leg = Leg(rng, uniform(rng, 60, 180))
    speed = uniform(rng, 5, 13)
    sag = np.full(leg.n, speed)
    for _ in range(int(rng.integers(2, 7))):
        at = uniform(rng, 0, leg.duration_s)
        pull = (leg.t > at) * (1.0 - np.exp(-np.maximum(leg.t - at, 0.0) / 0.5))
        back = 1.0 / (1.0 + np.exp((leg.t - at - uniform(rng, 3, 15)) / 0.5))
        sag -= speed * uniform(rng, 0.005, 0.02) * pull * back
    machine(
        leg,
        sag,
        jitter=spread(rng, 1e-3, 5e-3),
        correlation_s=spread(rng, 0.3, 5),
        rms_ms2=spread(rng, 0.05, 0.8),
        harmonics=(1.0, uniform(rng, 0.1, 0.5), uniform(rng, 0, 0.3)),
    )
    return leg.scene()


def alias(rng):
    """A motor above half of the rate, sampled without a filter: it appears at 4-11 Hz."""
    leg = Leg(rng, uniform(rng, 60, 180), rates=(25.0, 26.0, 32.0, 50.0, 52.0))
    seen = uniform(rng, 4, min(11.0, 0.44 * leg.rate_hz))
    orders = [k for k in (1, 2) if 20 < k * leg.rate_hz - seen < 60]
    speed = rng.choice(orders) * leg.rate_hz + rng.choice([-1.0, 1.0]) * seen
    machine(
        leg,
        speed,
        jitter=spread(rng, 2e-4, 2e-3),
        correlation_s=spread(rng, 0.3, 10),
        rms_ms2=spread(rng, 0.05, 0.5),
        harmonics=(1.0,),
    )
    return leg.scene(seen_hz=seen)


def motor_beside(rng):
    """A motor at 25-42 Hz beside a tremor."""
    leg = Leg(rng, uniform(rng, 60, 120), rates=(100.0, 104.0, 128.0, 200.0))
    line = leg.tremor(**usual(rng))
    machine(
        leg,
        uniform(rng, 25, 42),
        jitter=spread(rng, 5e-4, 5e-3),
        correlation_s=spread(rng, 0.3, 10),
        rms_ms2=line.rms_ms2 * spread(rng, 0.5, 3),
        harmonics=(1.0,),
    )
    return leg.scene(line)


def strap_beside(rng):
    """A strap that sounds at 19-35 Hz, several hertz wide, beside a tremor."""
    leg = Leg(rng, uniform(rng, 60, 120), rates=(100.0, 104.0, 128.0, 200.0))
    line = leg.tremor(**usual(rng))
    mode = oh.lorentzian(uniform(rng, 19, 35), uniform(rng, 3, 7))
    sound = oh.shaped_noise(rng, leg.n, leg.rate_hz, lambda f: mode(f) * (f > 12.0))
    leg.motion += line.rms_ms2 * spread(rng, 0.3, 1.5) * oh.moving_along(rng, sound)
    return leg.scene(line)


def slow_shaking(rng):
    """Rocking at 1.2-2.4 Hz, below the band."""
    leg = Leg(rng, uniform(rng, 60, 120))
    slow_line = usual(rng, frequency_hz=uniform(rng, 1.2, 2.4), bandwidth_hz=spread(rng, 0.1, 0.3))
    return leg.scene(leg.tremor(**slow_line))


# --- vehicles, voluntary movement, clothes ----------------------------------------------------


def train_seat(rng):
    """On the seat of a train: joints of the rails now and then."""
    leg = Leg(rng, uniform(rng, 60, 180))
    leg.motion += oh.seat(
        rng,
        leg.n,
        leg.rate_hz,
        rms_ms2=spread(rng, 0.08, 0.4),
        body_hz=uniform(rng, 1.0, 1.6),
        seat_hz=uniform(rng, 4, 9),
        damping=(0.08, 0.25),
    )
    at = uniform(rng, 0, 20)
    while at < leg.duration_s:
        ringing = {"ring_hz": uniform(rng, 6, 20), "decay_s": uniform(rng, 0.05, 0.2)}
        peak = spread(rng, 0.1, 0.6)
        leg.motion += oh.knock(rng, leg.n, leg.rate_hz, at_s=at, peak_ms2=peak, **ringing)
        at += rng.exponential(15.0)
    return leg.scene()


def car_seat(rng):
    """On the seat of a car on a road."""
    leg = Leg(rng, uniform(rng, 60, 180))
    leg.motion += oh.seat(
        rng,
        leg.n,
        leg.rate_hz,
        rms_ms2=spread(rng, 0.15, 0.8),
        body_hz=uniform(rng, 1.1, 2.0),
        seat_hz=uniform(rng, 4, 12),
        damping=(0.12, 0.35),
    )
    return leg.scene()


def bouncing_leg(rng):
    """A leg bounced at will, gently, with a tempo that wanders and a pause now and then."""
    leg = Leg(rng, uniform(rng, 60, 180))
    phase = oh.turning_phase(
        rng,
        leg.n,
        leg.rate_hz,
        uniform(rng, 3.2, 6),
        jitter=uniform(rng, 0.015, 0.04),
        correlation_s=spread(rng, 2, 15),
    )
    phase += np.cumsum(0.03 * 2 * np.pi * np.sqrt(4.0 / leg.rate_hz) * rng.standard_normal(leg.n))
    wave = np.sqrt(2.0) * np.cos(phase) + uniform(rng, 0.1, 0.5) * np.cos(2 * phase + 1.0)
    gain = leg.waxing(uniform(rng, 0.15, 0.3), 5.0)
    if rng.random() < 0.5:
        gain *= oh.on_and_off(
            rng, leg.n, leg.rate_hz, on_s=uniform(rng, 15, 40), period_s=uniform(rng, 45, 60)
        )
    leg.shake(wave, spread(rng, 0.3, 3.0), gain=gain)
    return leg.scene()


def pocket_hump(rng):
    """A sensor loose in a pocket: a broad hump at 3.3 Hz, which is no line."""
    leg = Leg(rng, uniform(rng, 60, 120))
    rms_ms2 = spread(rng, 0.05, 0.3)
    centre, width = uniform(rng, 3.0, 3.6), uniform(rng, 2.0, 3.0)
    shares = np.array([1.0, uniform(rng, 0.2, 0.7)])
    for share in shares / np.linalg.norm(shares):
        hump = oh.shaped_noise(rng, leg.n, leg.rate_hz, oh.gaussian(centre, width))
        leg.motion += rms_ms2 * share * hump[:, None] * oh.direction(rng)
    return leg.scene()
