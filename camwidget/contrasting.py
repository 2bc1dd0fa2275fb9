"""One class against another: of two classes A and B the maps of A - gamma B and of B - gamma A."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import Atlas, Map, to_numpy
from .engine import VARIANTS
from .engine.methods.method import Progress
from .engine.preempt import Stop
from .engine.stale import STALE, StaleRecordingError


def less_words(a: str, b: str, gamma: float) -> str:
    """What is drawn of class A against class B: "star − 1.00 × ring", as the screen says it."""
    return a if gamma == 0 else f"{a} − {gamma:.2f} × {b}"


@dataclass(frozen=True)
class Contrast:
    """Class B by its index, and how much the other class counts on either side."""

    rival: int
    gamma: float

    def by_maps(self, variant: str) -> bool:
        """Whether both maps can be had by subtracting those of the two classes: of a linear variant; and at gamma 0
        they are these.
        """
        return VARIANTS[variant].linear or self.gamma == 0


def classes(atlas: Atlas, layer: str, variant: str, target: int, rival: int, stop: Stop | None = None) -> Map:
    """The signed maps of both classes, ``(2, *grid)`` float32.

    Raises: as ``Atlas.maps``.
    """
    return np.stack(atlas.maps(layer, variant, [target, rival], stop))


def pair(
    atlas: Atlas,
    layer: str,
    variant: str,
    target: int,
    contrast: Contrast,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> Map:
    """The signed maps of target - gamma rival and of rival - gamma target, ``(2, *grid)`` float32 in raw units, before
    the variant's final ReLU.

    Raises:
        ValueError: see ``Aim.contrast``.
        StaleRecordingError: the model was recorded again meanwhile, or something else is explained.
        Stopped: ``stop`` said so.
    """
    rival, gamma = contrast.rival, contrast.gamma
    if contrast.by_maps(variant):
        a, b = classes(atlas, layer, variant, target, rival, stop)
        return np.stack([a - gamma * b, b - gamma * a])
    # the number first: if another thread changes the others meanwhile, it differs at the end
    generation, recording, aim = atlas.generation, atlas.recording, atlas.aim
    targets = [aim.contrast(target, rival, gamma), aim.contrast(rival, target, gamma)]
    made = to_numpy(recording.cams(targets, layer, variant, stop=stop, progress=progress)[0])
    if generation != atlas.generation:
        raise StaleRecordingError(STALE)
    return made
