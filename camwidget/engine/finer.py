"""Finer-CAM: what tells a class from those that are closest to it."""

from __future__ import annotations

import torch
from torch import Tensor

from .arithmetic import gradcam
from .method import Explained, Order, Target

REFERENCES = 3
GAMMA = 1.0


def finercam(explained: Explained, order: Order) -> Tensor:
    """Finer-CAM (Zhang et al., CVPR 2025): Grad-CAM of y_c - gamma * mean over the references d of y_d.

    References are the REFERENCES classes with scores closest to the class's own, image by image (all others where the
    model has fewer; with one class only it is Grad-CAM); gamma is 1, both as in the authors' code. That code weighs the
    references by their softmax probabilities and lets the gradient flow through these weights, too. Here, as in the
    paper, the mean is plain: the answer is then linear in the maps, R(M_c - gamma * mean M_d), does not depend on how
    sure the model is, and can be checked by subtracting maps.

    Cost: a backward pass for the class and one for each reference; those that were asked before are kept. Unit: score.
    """
    a = explained.activations(order.layer).float()
    maps = []
    for target in order.targets:
        g = explained.gradient(target, order.layer, stop=order.stop).float()
        others = closest(explained.scores, target)
        for reference in others:
            g = g - GAMMA / len(others) * explained.gradient(reference, order.layer, stop=order.stop).float()
        maps.append(gradcam(a, g))
    return torch.stack(maps, 1)


def closest(scores: Tensor, target: Target, count: int = REFERENCES) -> list[Target]:
    """The classes with the scores closest to each image's own, the closest first; of equal ones the lower index."""
    own = torch.tensor(target, device=scores.device)[:, None]
    distance = (scores - scores.gather(1, own)).abs().scatter(1, own, torch.inf)
    order = distance.argsort(dim=1, stable=True)[:, : min(count, scores.shape[1] - 1)]
    return [tuple(column) for column in order.T.tolist()]
