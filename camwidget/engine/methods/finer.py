"""Finer-CAM: what tells a class from those that are closest to it."""

from __future__ import annotations

import torch
from torch import Tensor

from camwidget.engine.classes import class_indices
from camwidget.engine.targets import Target

from .arithmetic import gradcam
from .method import Explained, Order

REFERENCES = 3
GAMMA = 1.0


def finercam(explained: Explained, order: Order) -> Tensor:
    """Finer-CAM (Zhang et al., CVPR 2025): Grad-CAM of y_c - gamma * mean over the references d of y_d.

    References are the REFERENCES classes with scores closest to the class's own, image by image (all others where the
    model has fewer; with one class only it is Grad-CAM); gamma is 1, both as in the authors' code. That code weighs the
    references by their softmax probabilities and lets the gradient flow through these weights, too. Here, as in the
    paper, the mean is plain: the answer is then linear in the maps, R(M_c - gamma * mean M_d), does not depend on how
    sure the model is, and can be checked by subtracting maps.

    A target that names classes it is seen ``against`` has these as references, with its own gamma.

    Cost: one backward pass. Unit: score.

    Raises:
        ValueError: a callable is explained, which has no class that others could be close to.
    """
    a = explained.activations(order.layer).float()
    contrasts = [contrast(target, explained.scores) for target in order.targets]
    maps = [gradcam(a, explained.gradient(target, order.layer, stop=order.stop).float()) for target in contrasts]
    return torch.stack(maps, 1)


def contrast(target: Target, scores: Tensor) -> Target:
    """The target seen against the classes closest to it, ``scores (N, K)``.

    Raises: as ``finercam``.
    """
    if target.function is not None:
        raise ValueError(
            f"Finer-CAM sets a class against those that are close to it, and {target} names no class; accepted: a "
            "class, or variant 'gradcam'"
        )
    if target.against or scores.shape[1] == 1:
        return target
    return target._with(against=closest(scores, class_indices(target.classes, *scores.shape)), gamma=GAMMA)


def closest(scores: Tensor, classes: tuple[int, ...], count: int = REFERENCES) -> tuple[tuple[int, ...], ...]:
    """For each image the classes with the scores closest to its own class's, the closest first; of equal ones the lower
    index.
    """
    own = torch.tensor(classes, device=scores.device)[:, None]
    distance = (scores - scores.gather(1, own)).abs().scatter(1, own, torch.inf)
    order = distance.argsort(dim=1, stable=True)[:, : min(count, scores.shape[1] - 1)]
    return tuple(tuple(row) for row in order.tolist())
