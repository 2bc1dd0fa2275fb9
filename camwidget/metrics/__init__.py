"""How good maps are: by what the model loses without what they show, and by where things are known to be.

Every measure takes inputs ``x (N, C, *spatial)``, maps ``(N, *grid)`` and one class an image, and returns one number an
image, ``(N,)`` float32. ``evaluate`` makes a table of them, with random and uniform maps beside.
"""

from .baselines import random_maps, uniform_maps
from .boxes import energy_in_box, pointing_game
from .confidence import average_drop, increase_in_confidence
from .curves import Curve, deletion, insertion
from .evaluate import MEASURES, evaluate, measure
from .judge import Judge
from .randomisation import Randomisation, guided_backpropagation, randomisation, randomised

__all__ = [
    "MEASURES",
    "Curve",
    "Judge",
    "Randomisation",
    "average_drop",
    "deletion",
    "energy_in_box",
    "evaluate",
    "guided_backpropagation",
    "increase_in_confidence",
    "insertion",
    "measure",
    "pointing_game",
    "random_maps",
    "randomisation",
    "randomised",
    "uniform_maps",
]
