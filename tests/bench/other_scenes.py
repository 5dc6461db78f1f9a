"""The table of the scenes of another hand: what a strapped leg meets beyond the model.

Every parameter that may vary does: rate, duration, noise, direction of gravity, sway, frequency,
width, strength, direction. Nothing here knows of the package, see `other_hand`.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import other_shaking as shaking
import other_tremors as tremors

SEED = 11

#: The functions that make the scenes, in the order of the table.
SCENES = {
    made.__name__: made
    for made in (
        shaking.orthostatic,
        shaking.orthostatic_25hz,
        shaking.slow_shaking,
        shaking.fan,
        shaking.fan_speeds,
        shaking.washing_steady,
        shaking.washing_ramp,
        shaking.loaded_motor,
        shaking.alias,
        shaking.train_seat,
        shaking.car_seat,
        shaking.bouncing_leg,
        shaking.pocket_hump,
        tremors.posture_change,
        tremors.plain_decay,
        tremors.plateau_then_decay,
        tremors.interrupted_rest,
        tremors.calming_heart,
        tremors.growth_after_fading,
        tremors.one_after_other,
        tremors.two_close,
        tremors.two_far,
        tremors.strong_second,
        tremors.lorentzian_line,
        tremors.gaussian_line,
        tremors.resonance_line,
        tremors.cycle_of_002,
        shaking.motor_beside,
        shaking.strap_beside,
        tremors.bursts_3_in_10,
        tremors.bursts_6_in_20,
        tremors.gone_in_middle,
        tremors.drifting,
        tremors.quiet_2h,
        tremors.quiet_2h_jiggled,
        tremors.strong_tremor,
        tremors.heart_beside,
        tremors.eight_bit,
        tremors.holes_none,
        tremors.holes_single,
        tremors.holes_packets,
        tremors.holes_80ms,
        tremors.holes_20ms,
    )
}


def make(name, trial):
    """Make one trial of a scene; the same numbers make the same samples.

    Parameters
    ----------
    name : str
        Key of `SCENES`.
    trial : int
        Number of the trial.

    Returns
    -------
    Scene
        The capture and its truth.
    """
    return SCENES[name](np.random.default_rng([SEED, crc32(name.encode()), trial]))
