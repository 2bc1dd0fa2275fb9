"""What is being explained: a class of the scores, for one image or for each image of a batch."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

SCORE_KEYS = ("logits", "out", "scores", "output", "prediction_logits")


def find_scores(output: Any, n: int) -> Tensor:
    """The scores ``(N, K)`` in whatever a classifier returned: a tensor, or the first fitting part of a dict or tuple.

    Raises:
        TypeError: no tensor is in the output.
        ValueError: the tensor is not ``(N, K)``, or not floating point.
    """
    tensors = _tensors(output)
    if not tensors:
        raise TypeError(
            f"the model returned {_describe(output)}; accepted: a tensor of scores (N, K), or a dict or tuple that "
            f"holds one (keys looked for: {', '.join(SCORE_KEYS)})"
        )
    fitting = [t for t in tensors if t.ndim == 2 and t.shape[0] == n and t.shape[1] > 0]
    if not fitting:
        shapes = " and ".join(str(tuple(t.shape)) for t in tensors[:3])
        raise ValueError(
            f"the model returned a tensor of shape {shapes} for {n} image(s); accepted: scores of shape "
            f"({n}, K), one row an image and one column a class"
        )
    scores = fitting[0]
    if not scores.is_floating_point():
        raise ValueError(
            f"the model returned scores of dtype {scores.dtype}; accepted: floating point, before any argmax"
        )
    return scores


def _tensors(output: Any) -> list[Tensor]:
    """The tensors in an output, the likeliest to be scores first."""
    if isinstance(output, Mapping):
        found = [output.get(key) for key in SCORE_KEYS] + list(output.values())
    elif isinstance(output, (tuple, list)):
        found = list(output)
    else:
        found = [output, getattr(output, "logits", None)]
    return [t for t in found if isinstance(t, Tensor)]


def _describe(output: Any) -> str:
    if isinstance(output, Mapping):
        return f"a {type(output).__name__} with keys {', '.join(map(repr, output)) or '(none)'}"
    return f"a {type(output).__name__}"


def class_indices(target: Any, n: int, k: int) -> tuple[int, ...]:
    """One class index an image, from one index for all or a sequence of ``n`` of them. ``k`` is the number of classes.

    Raises:
        TypeError: not an integer (names are looked up by the widget, which knows the labels).
        ValueError: out of range, or a sequence of the wrong length.
    """
    if isinstance(target, Tensor):
        target = target.tolist()
    if isinstance(target, Sequence) and not isinstance(target, str):
        if len(target) != n:
            raise ValueError(f"{len(target)} targets for {n} image(s); accepted: one class index, or one an image")
        return tuple(_class_index(t, k) for t in target)
    return (_class_index(target, k),) * n


def _class_index(target: Any, k: int) -> int:
    if isinstance(target, bool) or not isinstance(target, numbers.Integral):
        raise TypeError(f"target {target!r} is a {type(target).__name__}; accepted: a class index from 0 to {k - 1}")
    index = int(target)
    if not 0 <= index < k:
        raise ValueError(f"target {index} is out of range; the model has {k} classes, so accepted: 0 to {k - 1}")
    return index


def one_hot(indices: Sequence[int], scores: Tensor) -> Tensor:
    """``(N, K)`` with 1 at each image's class: the gradient with which a backward pass starts."""
    start = torch.zeros_like(scores)
    for row, index in enumerate(indices):
        start[row, index] = 1
    return start
