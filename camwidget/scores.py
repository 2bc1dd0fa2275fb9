"""Scores as a reader wants them: with probabilities, and with the name of their unit."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .engine.suggest import unknown
from .wire import floats

PROBABILITIES = ("softmax", "sigmoid", "none")


def find_probability(model: nn.Module, scores: Tensor, given: str | None) -> str:
    """How scores ``(K,)`` become probabilities: as given, else found.

    "none" where the scores are probabilities already (none negative, sum 1: the model ends in a softmax); "sigmoid"
    where the model says that it is multi-label (``model.multi_label``, or ``problem_type`` of a Hugging Face config);
    else "softmax".

    Raises:
        ValueError: ``given`` is not one of PROBABILITIES.
    """
    if given is not None:
        if given not in PROBABILITIES:
            raise ValueError(unknown("probability", given, PROBABILITIES))
        return given
    if scores.numel() > 1 and bool((scores >= 0).all()) and abs(float(scores.double().sum()) - 1) < 1e-3:
        return "none"
    problem = getattr(getattr(model, "config", None), "problem_type", None)
    several = getattr(model, "multi_label", False) is True or problem == "multi_label_classification"
    return "sigmoid" if several or scores.numel() == 1 else "softmax"


def probabilities(scores: Tensor, probability: str) -> Tensor:
    """Probabilities ``(K,)`` of scores ``(K,)``."""
    if probability == "softmax":
        return scores.softmax(0)
    return scores.sigmoid() if probability == "sigmoid" else scores


def table(scores: Tensor, probability: str) -> dict[str, Any]:
    """The numbers of the ``classes`` trait, see ``protocol.py``."""
    return {
        "scores": floats(scores.cpu()),
        "probabilities": floats(probabilities(scores, probability).cpu()),
        "unit": "probability" if probability == "none" else "logits",
        "probability": probability,
    }
