"""Networks with a single score: two classes, and the score says which of them.

Labels of such data are 0 and 1. Above the threshold (a score of 0, or a probability of 0.5) an item is called class 1,
else class 0, whose score is the same with the other sign. Its map need not be: to some variants the other sign is more
than that, and to some it is nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from camwidget.engine import Target
from camwidget.labels import find

from .items import Classes
from .protocol import UNKNOWN

THRESHOLD = {"sigmoid": 0.0, "none": 0.5}
"""By how the score becomes a probability; any other way, one score is one class."""


def threshold_of(classes: int, probability: str) -> float | None:
    """Above which score an item is called class 1; None: the network has a score for each class."""
    return THRESHOLD.get(probability) if classes == 1 else None


def names(model: nn.Module, labels: Sequence[Any] | Mapping[int, Any] | None) -> tuple[str, ...]:
    """Of both classes: two that were given, or one that was given or found, after what it is not.

    Raises:
        TypeError, ValueError: as ``labels.find``.
    """
    given: Any = getattr(labels, "meta", labels)
    if isinstance(given, Mapping):
        given = given.get("categories", given)
    if isinstance(given, Mapping):
        both = any(str(key).strip() == "1" for key in given)
    else:
        both = isinstance(given, Collection) and not isinstance(given, (str, bytes)) and len(given) == 2
    if both:
        return find(model, labels, 2)
    (name,) = find(model, labels, 1)
    return ("class 0", "class 1") if name == "class 0" else (f"not {name}", name)


def target(classes: Sequence[int]) -> Target:
    """What is explained of a batch, one class an item: the score, or for class 0 the score less twice itself."""
    return Target(0, [() if one == 1 else (0,) for one in classes], gamma=2)


def second(truth: Classes) -> Classes:
    """True classes as the full widget counts them, which has the second one alone."""
    return np.where(truth == 1, 0, UNKNOWN).astype(np.uint16)


def tables(score: Tensor, probability: str) -> tuple[Tensor, Tensor]:
    """Scores and probabilities ``(N, 2)`` of both classes, of the one score ``(N, 1)``."""
    if probability == "none":
        shares = torch.cat([1 - score, score], 1)
        return shares, shares
    both = torch.cat([torch.zeros_like(score), score], 1)
    return both, both.softmax(1)
