"""Scenes by another hand: tremors that change in time, that are several, or that are hard to see.

Each function takes a random generator and makes one capture with its truth.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import other_hand as oh
from other_hand import spread, uniform
from other_leg import Leg, Line, usual

# --- recovery ---------------------------------------------------------------------------------


def posture_change(rng):
    """Constant tremor; the leg turns once or twice, and the sensor feels half or double."""
    leg = Leg(rng, uniform(rng, 240, 420), rates=(50.0, 52.0, 64.0, 100.0))
    gain = leg.waxing(uniform(rng, 0.0, 0.1))
    places = [uniform(rng, 0.3, 0.7)] if rng.random() < 0.7 else [uniform(rng, 0.25, 0.4), 0.7]
    for place in places:
        share = leg.posture(
            place * leg.duration_s,
            degrees=uniform(rng, 20, 80),
            stir_ms2=spread(rng, 0.2, 1.5),
        )
        coupling = float(rng.choice([uniform(rng, 0.4, 0.6), uniform(rng, 1.7, 2.4)]))
        gain = gain * coupling**share
    line = leg.tremor(**usual(rng, rms_ms2=spread(rng, 0.15, 0.6)), gain=gain)
    return leg.scene(line)


def decaying(rng, plateau_s, *, interrupted=False):
    """Tremor that fades to a floor after a plateau, and a walk in between or none."""
    tau_s = uniform(rng, 25, 90)
    leg = Leg(rng, plateau_s + uniform(rng, 5, 6.5) * tau_s, rates=(50.0, 52.0, 64.0, 100.0))
    after = np.maximum(leg.t - plateau_s, 0.0)
    fading = np.sqrt(np.exp(-2.0 * after / tau_s) + uniform(rng, 0.08, 0.25) ** 2)
    gain = fading * leg.waxing(uniform(rng, 0.0, 0.15))
    line = leg.tremor(**usual(rng, rms_ms2=spread(rng, 0.3, 1.0)), gain=gain)
    if interrupted:
        leg.motion += oh.stirring(
            rng,
            leg.n,
            leg.rate_hz,
            at_s=uniform(rng, 0.8, 1.5) * tau_s,
            takes_s=uniform(rng, 25, 40),
            rms_ms2=uniform(rng, 3, 6),
        )
    return leg.scene(line, half_life_s=float(np.log(2.0) * tau_s), plateau_s=plateau_s)


def plain_decay(rng):
    """Fading from the first second on: the control of the next one."""
    return decaying(rng, 0.0)


def plateau_then_decay(rng):
    """A plateau of 20-90 s before the tremor fades."""
    return decaying(rng, uniform(rng, 20, 90))


def interrupted_rest(rng):
    """A rest parted by half a minute of walking; the tremor fades on meanwhile."""
    return decaying(rng, 0.0, interrupted=True)


def calming_heart(rng):
    """Constant tremor; it is the heart that calms down."""
    leg = Leg(rng, uniform(rng, 240, 400), rates=(50.0, 52.0, 64.0, 100.0))
    line = leg.tremor(**usual(rng, rms_ms2=spread(rng, 0.05, 0.15)))
    beats = oh.heart(rng, leg.n, leg.rate_hz, rms_ms2=uniform(rng, 0.6, 1.0) * line.rms_ms2)
    leg.motion += beats * (0.15 + 0.85 * np.exp(-leg.t / uniform(rng, 40, 90)))[:, None]
    return leg.scene(line)


def growth_after_fading(rng):
    """The tremor fades and then grows again, to at least 0.6 of its beginning."""
    tau_s, turn_s = uniform(rng, 30, 60), uniform(rng, 120, 180)
    leg = Leg(rng, turn_s + uniform(rng, 120, 180), rates=(50.0, 52.0, 64.0, 100.0))
    low, top = 0.15, uniform(rng, 0.6, 1.1)
    down = np.sqrt(np.exp(-2.0 * leg.t / tau_s) + low**2)
    share = np.clip((leg.t - turn_s) / uniform(rng, 60, 120), 0.0, 1.0)
    gain = down + (top - down) * share**2 * (3.0 - 2.0 * share)
    line = leg.tremor(**usual(rng, rms_ms2=spread(rng, 0.3, 1.0)), gain=gain)
    return leg.scene(line)


# --- more than one line, other shapes ---------------------------------------------------------


def one_after_other(rng):
    """5 Hz, then 9 Hz, or the other way round, with a rest between them or none."""
    leg = Leg(rng, uniform(rng, 100, 180))
    first_ends = leg.duration_s * uniform(rng, 0.4, 0.6)
    second_begins = first_ends + float(rng.choice([0.0, uniform(rng, 3, 15)]))
    low, high = uniform(rng, 4.6, 5.4), uniform(rng, 8.5, 9.5)
    order = [low, high] if rng.random() < 0.5 else [high, low]
    gains = 1.0 * (leg.t < first_ends), 1.0 * (leg.t >= second_begins)
    rms_ms2 = spread(rng, 0.15, 0.6)
    lines = [
        leg.tremor(one, spread(rng, 0.3, 0.9), rms_ms2 * spread(rng, 0.7, 1.4), gain=gain)
        for one, gain in zip(order, gains, strict=True)
    ]
    return leg.scene(*lines)


def together(rng, first_hz, second_hz, bandwidths_hz):
    leg = Leg(rng, uniform(rng, 90, 180))
    rms_ms2 = spread(rng, 0.15, 0.6)
    lines = [
        leg.tremor(one, spread(rng, *bandwidths_hz), rms_ms2 * size)
        for one, size in ((first_hz, 1.0), (second_hz, spread(rng, 0.65, 1.5)))
    ]
    return leg.scene(*lines)


def two_close(rng):
    """7 and 8.5 Hz at once."""
    first = uniform(rng, 6.7, 7.3)
    return together(rng, first, first + uniform(rng, 1.4, 1.6), (0.25, 0.6))


def two_far(rng):
    """5 and 9 Hz at once."""
    return together(rng, uniform(rng, 4.6, 5.4), uniform(rng, 8.6, 9.4), (0.3, 0.9))


def strong_second(rng):
    """A limit cycle whose second harmonic is 1.5 times as strong as the first."""
    leg = Leg(rng, uniform(rng, 60, 120))
    frequency, bandwidth = uniform(rng, 3.3, 6.8), spread(rng, 0.05, 0.4)
    phase = oh.walking_phase(rng, leg.n, leg.rate_hz, frequency, bandwidth)
    gain = leg.waxing(uniform(rng, 0.05, 0.2), 3.0)
    ratio = uniform(rng, 1.35, 1.65)
    size = 1.0 / np.sqrt(1.0 + ratio**2)
    rms_ms2 = spread(rng, 0.15, 0.8)
    along = oh.direction(rng) if rng.random() < 0.5 else None
    for order, share in ((1, size), (2, ratio * size)):
        wave = np.sqrt(2.0) * share * np.cos(order * phase + uniform(rng, 0, 2 * np.pi)) * gain
        leg.motion += rms_ms2 * oh.moving_along(rng, wave, along=along)
    return leg.scene(Line(frequency, bandwidth, rms_ms2 * size), whole_rms_ms2=rms_ms2)


def gaussian_line(rng):
    """A line of Gaussian shape, 0.3-1.2 Hz wide at half of its power."""
    leg = Leg(rng, uniform(rng, 60, 180))
    drawn = usual(rng, bandwidth_hz=uniform(rng, 0.3, 1.2))
    shape = oh.gaussian(drawn["frequency_hz"], drawn["bandwidth_hz"])
    leg.shake(oh.shaped_noise(rng, leg.n, leg.rate_hz, shape), drawn["rms_ms2"])
    return leg.scene(Line(**drawn))


def lorentzian_line(rng):
    """The line that the package assumes: the control of the others."""
    leg = Leg(rng, uniform(rng, 60, 180))
    return leg.scene(leg.tremor(**usual(rng)))


def resonance_line(rng):
    """The line of a sprung mass: its flanks differ, its peak is the frequency."""
    leg = Leg(rng, uniform(rng, 60, 180))
    how = partial(oh.autoregression, zero=False)
    return leg.scene(leg.tremor(**usual(rng), how=how))


def cycle_of_002(rng):
    """A limit cycle whose phase diffuses to a width of 0.015-0.03 Hz."""
    leg = Leg(rng, spread(rng, 12, 180))
    return leg.scene(
        leg.tremor(**usual(rng, bandwidth_hz=spread(rng, 0.015, 0.03)), how=oh.limit_cycle)
    )


# --- presence in time -------------------------------------------------------------------------


def bursts(rng, on_s, period_s):
    leg = Leg(rng, uniform(rng, 180, 300))
    gain = oh.on_and_off(rng, leg.n, leg.rate_hz, on_s=on_s, period_s=period_s)
    line = leg.tremor(**usual(rng, rms_ms2=spread(rng, 0.15, 0.8)), gain=gain)
    return leg.scene(line, duty=on_s / period_s)


def bursts_3_in_10(rng):
    """Bursts of 3 s, one in 10 s."""
    return bursts(rng, 3.0, 10.0)


def bursts_6_in_20(rng):
    """Bursts of 6 s, one in 20 s."""
    return bursts(rng, 6.0, 20.0)


def gone_in_middle(rng):
    """Tremor at both ends and none in the middle third."""
    leg = Leg(rng, uniform(rng, 60, 120))
    middle = np.abs(leg.t / leg.duration_s - 0.5) < uniform(rng, 0.13, 0.2)
    line = leg.tremor(**usual(rng), gain=1.0 * ~middle)
    return leg.scene(line)


def drifting(rng):
    """One tremor whose frequency drifts by 1-2 Hz over some minutes."""
    leg = Leg(rng, uniform(rng, 150, 300))
    begins, slope = uniform(rng, 6.5, 9), float(rng.choice([-1, 1])) * uniform(rng, 1, 2)
    width = spread(rng, 0.2, 0.6)
    walk = oh.walking_phase(rng, leg.n, leg.rate_hz, begins, width)
    walk += np.pi * slope * leg.t**2 / leg.duration_s
    rms_ms2 = spread(rng, 0.15, 0.6)
    leg.shake(np.sqrt(2.0) * np.cos(walk) * leg.waxing(0.2, 2.0), rms_ms2)
    return leg.scene(Line(begins + slope / 2, width, rms_ms2), from_hz=begins, to_hz=begins + slope)


def fidget(leg, part):
    """A movement of 1-15 s, slow or quick, faint or strong, in the samples of a slice."""
    rng = leg.rng
    leg.motion[part] += oh.stirring(
        rng,
        part.stop - part.start,
        leg.rate_hz,
        at_s=1.0,
        takes_s=spread(rng, 1, 15),
        rms_ms2=spread(rng, 0.05, 3),
        centre_hz=spread(rng, 0.8, 4),
    )


def taps(leg, part):
    """A knock, or a few of them at irregular times, in the samples of a slice."""
    rng, at_s = leg.rng, 1.0
    ring, decay, peak = uniform(rng, 5, 20), spread(rng, 0.02, 0.15), spread(rng, 0.1, 5)
    for _ in range(1 if rng.random() < 0.7 else int(rng.integers(2, 7))):
        leg.motion[part] += oh.knock(
            rng,
            part.stop - part.start,
            leg.rate_hz,
            at_s=at_s,
            peak_ms2=peak * spread(rng, 0.6, 1.6),
            ring_hz=ring,
            decay_s=decay,
        )
        at_s += uniform(rng, 0.2, 1.5)


def jiggle(leg, part):
    """The leg is jiggled at will for 1.5-5 s at 3-6 Hz, in the samples of a slice."""
    rng, m = leg.rng, part.stop - part.start
    t = np.arange(m) / leg.rate_hz
    phase = oh.turning_phase(
        rng, m, leg.rate_hz, uniform(rng, 3, 6), jitter=0.04, correlation_s=0.5
    )
    size = np.clip(t / 0.3, 0, 1) * np.clip((spread(rng, 1.5, 5) - t) / 0.3, 0, 1)
    leg.motion[part] += spread(rng, 0.1, 2) * (np.cos(phase) * size)[:, None] * oh.direction(rng)


def quiet_2h_jiggled(rng):
    """As the one before, with the leg jiggled for 1.5-5 s every ten minutes or so."""
    return quiet_2h(rng, (jiggle, 600.0))


def quiet_2h(rng, *more):
    """Two hours of a still leg: the heart, fidgets, shifts, knocks; no tremor."""
    leg = Leg(rng, 7200.0, rates=(25.0, 50.0, 52.0), heart_ms2=(0.002, 0.02))
    for kind, mean_s in ((None, 500.0), (fidget, spread(rng, 40, 200)), (taps, 120.0), *more):
        at = 5.0 + rng.exponential(mean_s)
        while at < leg.duration_s - 25:
            if kind is None:
                leg.posture(at, degrees=uniform(rng, 3, 40), stir_ms2=spread(rng, 0.1, 1.5))
            else:
                kind(leg, slice(int((at - 1) * leg.rate_hz), int((at + 19) * leg.rate_hz)))
            at += rng.exponential(mean_s)
    return leg.scene()


def strong_tremor(rng):
    """Tremor of 4-6 Hz and 1-6 m/s^2 on a leg that is still otherwise."""
    leg = Leg(rng, uniform(rng, 40, 90))
    drawn = {"frequency_hz": uniform(rng, 4, 6), "bandwidth_hz": spread(rng, 0.2, 0.9)}
    return leg.scene(leg.tremor(**drawn, rms_ms2=spread(rng, 1.0, 6.0)))


# --- heart, sensor ----------------------------------------------------------------------------


def heart_beside(rng):
    """The heart rings in the band with 0.2-0.8 of the RMS of the tremor."""
    leg = Leg(rng, uniform(rng, 60, 180))
    line = leg.tremor(**usual(rng, rms_ms2=spread(rng, 0.04, 0.2)))
    ratio = uniform(rng, 0.2, 0.8)
    leg.motion += oh.heart(rng, leg.n, leg.rate_hz, rms_ms2=ratio * line.rms_ms2)
    return leg.scene(line, ratio=ratio)


def eight_bit(rng):
    """8 bits over +-8 g: steps of 0.61 m/s^2."""
    leg = Leg(rng, uniform(rng, 60, 120))
    line = leg.tremor(**usual(rng, rms_ms2=spread(rng, 0.2, 0.8)))
    return leg.scene(line, step_ms2=16.0 * oh.G_MS2 / 256.0)


def holes(rng, kind):
    leg = Leg(rng, uniform(rng, 60, 120), rates=(50.0, 52.0, 64.0, 100.0, 104.0, 128.0, 200.0))
    line = leg.tremor(**usual(rng))
    lost = {
        "none": lambda: None,
        "single": lambda: oh.lost_singly(rng, leg.n, uniform(rng, 0.01, 0.05)),
        "packets": lambda: oh.lost_packets(rng, leg.n, uniform(rng, 0.01, 0.05)),
        "80ms": lambda: oh.lost_regularly(rng, leg.n, leg.rate_hz, hole_s=0.08, each_s=2.0),
        "20ms": lambda: oh.lost_regularly(rng, leg.n, leg.rate_hz, hole_s=0.02, each_s=1.0),
    }[kind]()
    return leg.scene(line, lost=lost)


def holes_none(rng):
    """No sample lost: the control of the next four."""
    return holes(rng, "none")


def holes_single(rng):
    """Single samples lost at random, 1-5 %."""
    return holes(rng, "single")


def holes_packets(rng):
    """Packets of 8 samples lost at random, 1-5 %."""
    return holes(rng, "packets")


def holes_80ms(rng):
    """A hole of 80 ms each 2 s."""
    return holes(rng, "80ms")


def holes_20ms(rng):
    """A hole of 20 ms each second."""
    return holes(rng, "20ms")
