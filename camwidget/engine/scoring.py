"""A weighted sum of class scores as one number, and its gradient: of the scores as they are, or after a softmax.

Scores come as rows ``z (B, K)``, weights ``w (B, K)``: 1 at the class, and below 0 at the classes that it is seen
against. With p = softmax(z):

    logit        y = sum_j w_j z_j        dy/dz_k = w_k
    softmax      y = sum_j w_j p_j        dy/dz_k = p_k (w_k - sum_j w_j p_j)
    log_softmax  y = sum_j w_j log p_j    dy/dz_k = w_k - p_k sum_j w_j

Where the network is sure, p_m of one class is 1 but for a rounding, and both differences would cancel to 0. The
gradient of the softmax stays the same when all weights move by w_m, which leaves only small terms; that of the
logarithm takes 1 - p_m as the sum of the others.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from .suggest import unknown

Score = Literal["logit", "softmax", "log_softmax"]

SCORES: tuple[Score, ...] = ("logit", "softmax", "log_softmax")


def read_score(score: object) -> Score:
    """Raises ValueError with the nearest right one where ``score`` is none of SCORES."""
    if not isinstance(score, str) or score not in SCORES:
        raise ValueError(unknown("score", score, SCORES))
    return next(known for known in SCORES if known == score)


def value(z: Tensor, w: Tensor, score: Score) -> Tensor:
    """The weighted sum of each row: ``(B,)``, in the dtype of ``wide``."""
    z, w = wide(z), wide(w)
    if score != "logit":
        z = z.softmax(1) if score == "softmax" else z.log_softmax(1)
    # 0 times minus infinity is no number: classes that do not count are left out
    return torch.where(w != 0, w * z, 0).sum(1)


def gradient(z: Tensor, w: Tensor, score: Score) -> Tensor:
    """Its gradient by the scores: ``(B, K)``, in the dtype of ``wide``."""
    z, w = wide(z), wide(w)
    if score == "logit":
        return w
    p = z.softmax(1)
    surest = p.argmax(1, keepdim=True)
    if score == "softmax":
        w = w - w.gather(1, surest)
        return p * (w - (w * p).sum(1, keepdim=True))
    total = w.sum(1, keepdim=True)
    found = w - total * p
    rest = p.scatter(1, surest, 0).sum(1, keepdim=True)
    return found.scatter(1, surest, w.gather(1, surest) - total + total * rest)


def wide(t: Tensor) -> Tensor:
    """A tensor in the dtype in which is counted here."""
    return t.to(wide_dtype(t.device))


def wide_dtype(device: torch.device) -> torch.dtype:
    """float64, or float32 on a device that has none."""
    return torch.float32 if device.type == "mps" else torch.float64
