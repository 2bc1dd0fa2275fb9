"""The embedded scenes as questions: one for each sticker, with its class and its box."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from camwidget import demo
from camwidget.demo.network import INPUT

HELD_OUT = 3_000_000
"""The first seed that no training has drawn."""


@dataclass(frozen=True)
class Sample:
    """``x (N, 3, 192, 192)``: a scene once for each of its stickers; ``targets``: their classes; ``boxes``: where they
    lie, in pixels of the input.
    """

    x: Tensor
    targets: list[int]
    boxes: list[tuple[float, ...]]


def sample(scenes: int, first: int = HELD_OUT) -> Sample:
    """All stickers of so many scenes."""
    names, prepare = demo.labels(), demo.preprocess()
    inputs, targets, boxes = [], [], []
    for seed in range(first, first + scenes):
        drawn = demo.scene(seed)
        scale = INPUT / drawn.image.width
        for thing in drawn.objects:
            inputs.append(prepare(drawn.image))
            targets.append(names.index(thing.name))
            boxes.append(tuple(side * scale for side in thing.box))
    return Sample(torch.stack(inputs), targets, boxes)
