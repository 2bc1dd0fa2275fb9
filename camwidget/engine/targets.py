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
    scores = _first_tensor(output)
    if scores is None:
        raise TypeError(
            f"the model returned {_describe(output)}; accepted: a tensor of scores (N, K), or a dict or tuple that "
            f"holds one (keys looked for: {', '.join(SCORE_KEYS)})"
        )
    if scores.ndim != 2 or scores.shape[0] != n or scores.shape[1] == 0:
        raise ValueError(
            f"the model returned a tensor of shape {tuple(scores.shape)} for {n} image(s); accepted: scores of shape "
            f"({n}, K), one row an image and one column a class"
        )
    if not scores.is_floating_point():
        raise ValueError(
            f"the model returned scores of dtype {scores.dtype}; accepted: floating point, before any argmax"
        )
    return scores


def _first_tensor(output: Any) -> Tensor | None:
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        found = [output[key] for key in SCORE_KEYS if isinstance(output.get(key), Tensor)]
        return found[0] if found else next((v for v in output.values() if isinstance(v, Tensor)), None)
    if isinstance(output, (tuple, list)):
        return next((v for v in output if isinstance(v, Tensor)), None)
    logits = getattr(output, "logits", None)
    return logits if isinstance(logits, Tensor) else None


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
