"""What is explained, whatever its form: a picture, a signal or a volume, told by what the model takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from camwidget import images, signals, volumes
from camwidget.checks import one_of
from camwidget.engine import CamEngine, Recording
from camwidget.engine.accepted import unwrap
from camwidget.images import Picture
from camwidget.preprocessing import Preprocessing
from camwidget.protocol import KINDS
from camwidget.signals import Signal
from camwidget.text import line
from camwidget.volumes import Volume

Subject = Picture | Signal | Volume

DIMENSIONS = {"signal": 1, "picture": 2, "volume": 3}
CONVOLUTIONS = {"signal": nn.Conv1d, "picture": nn.Conv2d, "volume": nn.Conv3d}
TAKES = {"signal": signals.ACCEPTED, "picture": images.ACCEPTED, "volume": volumes.ACCEPTED}


def read(
    given: object,
    model: nn.Module,
    known: Preprocessing,
    kind: str | None = None,
    rate: Any = None,
    display: Any = None,
) -> Subject:
    """Read the input of ``model``; ``kind`` says what it is where that cannot be told, ``rate`` and ``display`` are
    of signals.

    Raises:
        TypeError, ValueError: with what was given and what is accepted.
    """
    if kind is None:
        kind = find_kind(given, model)
    else:
        one_of("kind", kind, KINDS)
    if kind == "signal":
        return signals.read(given, rate, display)
    for name, value in (("rate", rate), ("display", display)):
        if value is not None:
            raise ValueError(f"{name}= is for signals, and this is a {kind}; a signal is said by kind='signal'")
    return volumes.read(given, known) if kind == "volume" else images.read(given, known)


def find_kind(given: object, model: nn.Module) -> str:
    """What ``given`` is for this model: the first of the model's kinds whose shape it has, in the order in which it has
    convolutions of them.

    Raises:
        ValueError: the model takes signals or volumes only, and this is neither.
    """
    kinds = kinds_of(model)
    fitting = [kind for kind in kinds if _fits(given, kind)]
    if fitting:
        return fitting[0]
    if not kinds:
        return next((kind for kind in ("picture", "signal", "volume") if _fits(given, kind)), "picture")
    if "picture" in kinds:
        return "picture"  # whose own errors name the remedy
    first = kinds[0]
    raise ValueError(
        f"{_words(given)} was given, and this network takes a {first}, for it has {CONVOLUTIONS[first].__name__}: "
        f"{TAKES[first]}. If it takes something else, say so by kind={' or '.join(map(repr, KINDS))}"
    )


def kinds_of(model: nn.Module) -> list[str]:
    """Of what kinds the model has convolutions, the first one made first; by the shapes of weights where it has none of
    torch's own.
    """
    model = unwrap(model)
    found = [kind for module in model.modules() for kind, type_ in CONVOLUTIONS.items() if isinstance(module, type_)]
    if not found:
        by_size = {size + 2: kind for kind, size in DIMENSIONS.items()}
        weights = (weight for name, weight in model.named_parameters() if name.rpartition(".")[2] == "weight")
        found = [by_size[weight.ndim] for weight in weights if weight.ndim in by_size]
    return list(dict.fromkeys(found))


def record(engine: CamEngine, subject: Subject) -> Recording:
    """The recording of the subject. Raises, besides as ``CamEngine.record``, ValueError: no signal or volume for it."""
    try:
        return engine.record(subject.input)
    except RuntimeError as error:
        if subject.kind == "picture" or isinstance(error, torch.cuda.OutOfMemoryError):
            raise
        raise _failed(error, subject, engine.model) from error


def meta(subject: Subject, model: nn.Module, index: int) -> dict[str, Any]:
    """The ``meta`` trait of a widget's first image."""
    parameter = next(model.parameters(), None)
    return {
        "image": 1,
        "model": line(type(model).__name__),
        "device": str(parameter.device) if parameter is not None else "cpu",
        "kind": subject.kind,
        **about(subject, index),
    }


def about(subject: Subject, index: int) -> dict[str, Any]:
    """What the ``meta`` trait says of one input: of a film the one of this number."""
    return {
        "index": index,
        "preprocessing": subject.words,
        "input": list(subject.input.shape[2:]),
        **subject.meta(),
    }


def _failed(error: Exception, subject: Subject, model: nn.Module) -> ValueError:
    shape = tuple(subject.input.shape)
    first = next((m for m in unwrap(model).modules() if isinstance(m, CONVOLUTIONS[subject.kind])), None)
    channels = "" if first is None else f" Its first {type(first).__name__} takes {first.in_channels} channels."
    return ValueError(
        f"the network failed on a {subject.kind} of shape {shape}: {error}.{channels} Accepted is "
        f"{TAKES[subject.kind]}; if this is no {subject.kind}, say so by kind="
    )


def _fits(given: object, kind: str) -> bool:
    if not isinstance(given, (torch.Tensor, np.ndarray)):
        return kind == "picture"
    shape, own = tuple(given.shape), DIMENSIONS[kind]
    if kind == "picture" and isinstance(given, np.ndarray):
        return len(shape) in (2, 3)
    channels_first = len(shape) == own + 1 or (len(shape) == own + 2 and shape[0] == 1)
    return channels_first or (kind == "signal" and len(shape) == 1)


def _words(given: object) -> str:
    shape = getattr(given, "shape", None)
    return f"a {type(given).__name__}" + ("" if shape is None else f" of shape {tuple(shape)}")
