"""Scores as a reader wants them: with probabilities, in order, and with the name of their unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from .aim import PLAIN, UNITS, Aim
from .engine import Recording
from .engine.returned import Returned
from .engine.suggest import unknown
from .said import Said
from .wire import floats

PROBABILITIES = ("softmax", "sigmoid", "none")

SHARE = "share"
"""Of dense scores: the share of the picture that the model gives to a class, its mean softmax probability."""

BACKGROUND = ("background", "__background__")
"""What segmentations call the class of everything else."""


def find_probability(model: nn.Module, recording: Recording, given: str | None) -> str:
    """How the scores of a recording become probabilities: as given, else found.

    "none" where the scores are probabilities already (none negative, sum 1: the model ends in a softmax; or they come
    out of a sigmoid); "sigmoid" where the model says that it is multi-label (``model.multi_label``, or
    ``problem_type`` of a Hugging Face config); SHARE where they are dense; else "softmax".

    Raises:
        ValueError: ``given`` is not one of PROBABILITIES, or is another than "softmax" for dense scores.
    """
    scores = recording.scores[0]
    if given is not None and given not in PROBABILITIES:
        raise ValueError(unknown("probability", given, PROBABILITIES))
    if recording.output_grid:
        if given not in (None, "softmax"):
            raise ValueError(f"probability is {given!r}, and the scores are dense; accepted: 'softmax'")
        return SHARE
    if given is not None:
        return given
    if scores.numel() > 1 and bool((scores >= 0).all()) and abs(float(scores.double().sum()) - 1) < 1e-3:
        return "none"
    if recording.squashed:
        return "none"
    problem = getattr(getattr(model, "config", None), "problem_type", None)
    several = getattr(model, "multi_label", False) is True or problem == "multi_label_classification"
    return "sigmoid" if several or scores.numel() == 1 else "softmax"


def probabilities(recording: Recording | Said, probability: str) -> Tensor:
    """Probabilities ``(K,)`` of the first image's classes."""
    return all_probabilities(recording, probability)[0]


def all_probabilities(recording: Recording | Said, probability: str) -> Tensor:
    """Probabilities ``(N, K)`` of all images' classes."""
    return recording.shares() if probability == SHARE else _of(recording.scores, probability)


def tables(returned: Returned, probability: str) -> tuple[Tensor, Tensor]:
    """The scores and the probabilities ``(N, K)`` of a batch."""
    table = returned.table()
    return table, returned.shares() if probability == SHARE else _of(table, probability)


def called(returned: Returned, probability: str, names: Sequence[str]) -> list[tuple[int, float]]:
    """What each image of a batch is called unasked, see ``first``, and how likely."""
    table, shares = tables(returned, probability)
    found = unasked(table, shares, probability, names)
    return [(index, float(row[index])) for index, row in zip(found, shares, strict=True)]


def unasked(table: Tensor, shares: Tensor, probability: str, names: Sequence[str]) -> list[int]:
    """The class of each image of a batch that is explained unasked, see ``first``; of its ``tables``."""
    order = (shares if probability == SHARE else table).argsort(dim=1, descending=True, stable=True)[:, :2].tolist()
    return [first(strongest, names, probability) for strongest in order]


def _of(scores: Tensor, probability: str) -> Tensor:
    if probability == "softmax":
        return scores.softmax(-1)
    return scores.sigmoid() if probability == "sigmoid" else scores


def strongest(recording: Recording, probability: str, count: int, before: Said | None = None) -> list[int]:
    """The first image's classes with the highest scores, or with the largest shares of the picture. The one that fell
    most since ``before`` keeps the last place.
    """
    ranked = probabilities(recording, probability) if probability == SHARE else recording.scores[0]
    order: list[int] = ranked.argsort(descending=True, stable=True)[:count].tolist()
    if before is None:
        return order
    falls = probabilities(before, probability) - probabilities(recording, probability).cpu()
    fallen = int(falls.argmax())
    return order if fallen in order or count == 1 or float(falls[fallen]) <= 0 else [*order[:-1], fallen]


def first(order: Sequence[int], names: Sequence[str], probability: str) -> int:
    """The class that is explained unasked: the strongest, but for the background of a segmentation."""
    things = (index for index in order if probability != SHARE or names[index] not in BACKGROUND)
    return next(things, order[0])


def check_score(score: str, probability: str) -> str:
    """The score as it is.

    Raises:
        ValueError: it is a probability, and so are the model's scores.
    """
    if score != "logit" and probability == "none":
        raise ValueError(f"score is {score!r}, and the model's scores are probabilities already; accepted: 'logit'")
    return score


def table(recording: Recording, probability: str, aim: Aim = PLAIN, before: Said | None = None) -> dict[str, Any]:
    """The numbers of the ``classes`` trait, see ``protocol.py``. ``aim`` is what the maps explain, ``before`` what the
    model said before anything was painted over the picture.
    """
    scores = recording.means(aim.region) if recording.output_grid else recording.scores
    return {
        "scores": floats(scores[0].cpu()),
        "probabilities": floats(probabilities(recording, probability).cpu()),
        "before": None if before is None else floats(probabilities(before, probability)),
        "unit": "probability" if probability == "none" else UNITS[aim.score],
        "probability": probability,
    }
