"""The beacons with sixty-four classes, and a brake on every backward pass. The kernel imports it."""

from __future__ import annotations

import time
from typing import Any

import beacons
import torch
from torch import Tensor, nn

from camwidget import CamWidget, foresight
from camwidget.engine import CamEngine
from camwidget.engine.methods import passes

CLASSES = 64
LABELS = (*beacons.LABELS, *(f"shade {i}" for i in range(CLASSES - len(beacons.LABELS))))
LISTED = 40


class Brake:
    """Holds up each backward pass for ``seconds``, and counts them."""

    seconds = 0.0
    passes = 0

    def hold(self, _gradient: Tensor) -> None:
        self.passes += 1
        time.sleep(self.seconds)


brake = Brake()


RUN, MOST_ROWS = CamEngine.run, passes.MOST_ROWS


def drag(seconds: float) -> None:
    """From now on variants of many passes take so long for each image of a pass, which run one by one; 0: as ever."""

    def slow(*given: Any) -> Any:
        time.sleep(seconds)
        return RUN(*given)

    passes.MOST_ROWS = 1 if seconds else MOST_ROWS
    CamEngine.run = slow if seconds else RUN  # type: ignore[method-assign]


class Slowly(beacons.Beacons):
    """Beacons: the other fifty classes are mixtures of the first ones, each a little less likely than the last."""

    def __init__(self) -> None:
        super().__init__()
        known = len(beacons.LABELS)
        with torch.no_grad():
            rows = torch.stack([self.head.weight[i % known].roll(i // known) for i in range(CLASSES)])
            bias = torch.arange(CLASSES) * -0.05
            bias[:known] = self.head.bias
            bias[known:] += self.head.bias.min() - rows[known:].abs().sum(1)
            self.head = nn.Linear(rows.shape[1], CLASSES)
            self.head.weight.copy_(rows)
            self.head.bias.copy_(bias)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.late(self.middle(self.early(x))).mean((2, 3))
        if pooled.requires_grad:
            pooled.register_hook(brake.hold)
        return self.head(pooled)


def widget(model: Slowly) -> CamWidget:
    """A widget with most classes listed."""
    foresight.NEARBY_BYTES = 0  # no map comes unasked: the kernel must answer
    return CamWidget(model, beacons.picture(), LABELS, preprocess=beacons.read, topk=LISTED)
