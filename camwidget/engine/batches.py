"""Many images: one forward pass and one small backward pass a batch, whatever the classes of its images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from . import lean
from .explanations import NONE, Explanations
from .recording import Recording
from .suggest import unknown
from .upsample import upsample
from .variants import VARIANTS, find_variant

if TYPE_CHECKING:
    from .engine import CamEngine

Key = tuple[str, str]
Size = str | tuple[int, ...]
SIZES = ("input", "grid")


@dataclass(frozen=True)
class Question:
    """What is asked of every image.

    Attributes:
        layers: names; None for the default one. variants: ids.
        size: of the maps: "input" (that of the network's input), "grid" (that of the layer), or numbers.
    """

    layers: tuple[str | None, ...]
    variants: tuple[str, ...]
    size: Size

    @property
    def from_input(self) -> bool:
        """Whether a variant needs the graph down to the input."""
        return any(VARIANTS[variant].at_input for variant in self.variants)


@dataclass(frozen=True)
class Answer:
    """Of one batch of n images: maps ``(n, *size)`` by layer and variant; and for each image the class that is
    explained (-1: none), the number that is explained, the class with the highest score, and its probability.
    """

    maps: dict[Key, np.ndarray[Any, np.dtype[np.float32]]]
    targets: list[int]
    scores: list[float]
    predicted: list[int]
    confidence: list[float]


def ask(layer: Any, variant: Any, size: Any) -> Question:
    """The question that users mean: a layer and a variant, or a sequence of each.

    Raises:
        TypeError, ValueError: an unknown variant, or a size that is none. Whether the layers are there is found later.
    """
    layers = (layer,) if layer is None or isinstance(layer, str) else tuple(layer)
    variants = (variant,) if isinstance(variant, str) else tuple(variant)
    if not layers or not variants:
        raise ValueError("layer and variant: accepted is one of each, or a sequence that is not empty")
    return Question(layers, tuple(find_variant(v).id for v in variants), _read_size(size))


def _read_size(size: Any) -> Size:
    if isinstance(size, str):
        if size not in SIZES:
            raise ValueError(unknown("size", size, SIZES))
        return size
    if isinstance(size, int) and not isinstance(size, bool) and size > 0:
        return (size, size)
    try:
        found = tuple(int(n) for n in size)
    except (TypeError, ValueError):
        found = ()
    if not found or any(n < 1 for n in found):
        raise ValueError(f"size is {size!r}; accepted: 'input', 'grid', or numbers such as (224, 224)")
    return found


def answers(
    engine: CamEngine,
    x: Tensor,
    targets: Any,
    question: Question,
    probability: Callable[[Recording], Tensor] = Recording.shares,
) -> Iterator[Answer]:
    """What is asked of the images of ``x (n, C, *spatial)``, in as many parts as memory wants; mostly one.

    Args:
        targets: as of ``Recording.cam``; in a list, None for the predicted class of an image.
        probability: from a recording to probabilities ``(N, K)``.

    Raises: as ``Recording.cam`` and ``CamEngine.record``.
    """
    plan = lean.plan(engine, x, question.layers, question.from_input)
    rows = len(x) if engine.fixed else min(len(x), lean.most_rows(engine, plan) or len(x))
    start = 0
    while start < len(x):
        end = min(start + rows, len(x))
        part = targets[start:end] if isinstance(targets, list) else targets
        try:
            made = _answer(engine, x[start:end], part, question, probability)
        except (torch.cuda.OutOfMemoryError, MemoryError):
            if rows == 1 or engine.fixed:
                raise
            made = None
        if made is None:  # out of the handler, since an exception holds what the pass had made by then
            rows = max(1, rows // 2)
            continue
        yield made
        start = end


def _answer(
    engine: CamEngine, x: Tensor, targets: Any, question: Question, probability: Callable[[Recording], Tensor]
) -> Answer:
    recording = engine.record(x, question.layers, question.from_input)
    probabilities = probability(recording)
    # of dense scores the class that wins most of the picture
    predicted = (probabilities if recording.output_grid else recording.scores).argmax(1)
    ours = predicted.tolist()
    if targets is None:
        targets = ours
    elif isinstance(targets, list):
        targets = [ours[row] if target is None else target for row, target in enumerate(targets)]
    aim = recording.resolve_target(targets)
    names = [recording.resolve(layer) for layer in question.layers]
    chosen = [VARIANTS[variant] for variant in question.variants]
    for rule in dict.fromkeys(v.rule for v in chosen if v.function is not None):
        if aim.function is None:
            recording._gradients_at(aim, names, rule, None)  # of all layers in one backward pass
    maps = {}
    for name in names:
        for variant in chosen:
            made = recording.cam(aim, name, variant.id)
            maps[name, variant.id] = _sized(engine, recording, name, made, question).cpu().numpy()
    return Answer(
        maps=maps,
        targets=[int(k) for k in aim.classes] if isinstance(aim.classes, tuple) else [NONE] * len(x),
        scores=recording.value(aim).tolist(),
        predicted=ours,
        confidence=probabilities.gather(1, predicted[:, None])[:, 0].tolist(),
    )


def _sized(engine: CamEngine, recording: Recording, layer: str, maps: Tensor, question: Question) -> Tensor:
    if question.size == "grid":
        return maps
    spatial = tuple(recording.x.shape[2:])
    size = spatial if isinstance(question.size, str) else question.size
    if tuple(maps.shape[1:]) == size:
        return maps
    if len(size) != len(spatial):
        raise ValueError(f"size is {size}; accepted for inputs of {len(spatial)} dimensions: so many numbers")
    place = lean.place(engine, recording, layer) if tuple(maps.shape[1:]) != spatial else None
    return upsample(maps, size, place=place)


# ------------------------------------------------------------------ of tensors


def explain(engine: CamEngine, images: Any, targets: Any, question: Question, batch_size: int) -> Explanations:
    """See ``CamEngine.explain``."""
    found: list[Answer] = []
    came: list[int] = []
    done = 0
    for x, labels in _batches(images, batch_size):
        chosen = targets
        if isinstance(targets, list):
            chosen = targets[done : done + len(x)]
            if len(chosen) < len(x):
                raise ValueError(f"{len(targets)} labels for more images than that; accepted: one an image")
        found += answers(engine, x, chosen, question)
        came += labels
        done += len(x)
    if isinstance(targets, list) and len(targets) != done:
        raise ValueError(f"{len(targets)} labels for {done} images; accepted: one an image")
    if not found:
        raise ValueError("no images were given; accepted: a tensor (N, C, *spatial), or an iterable of such batches")
    return Explanations(
        maps={key: np.concatenate([part.maps[key] for part in found]) for key in found[0].maps},
        targets=np.array([t for part in found for t in part.targets], np.int64),
        scores=np.array([s for part in found for s in part.scores], np.float32),
        predicted=np.array([p for part in found for p in part.predicted], np.int64),
        confidence=np.array([c for part in found for c in part.confidence], np.float32),
        labels=np.array(came, np.int64),
        names=[f"image {i}" for i in range(done)],
    )


def _batches(images: Any, batch_size: int) -> Iterator[tuple[Tensor, list[int]]]:
    """Batches ``(n, C, *spatial)`` of at most so many images, with the labels that came with them (-1: none)."""
    given: Iterable[Any] = [images] if isinstance(images, Tensor) else images
    for item in given:
        x, labels = (item[0], item[1]) if isinstance(item, (tuple, list)) and len(item) > 1 else (item, None)
        if isinstance(x, (tuple, list)) and len(x) == 1:
            x = x[0]
        if not isinstance(x, Tensor):
            raise TypeError(
                f"a batch is a {type(x).__name__}; accepted: a tensor (N, C, *spatial), preprocessed, or an iterable "
                "of such batches, with labels or not. camwidget.explain reads paths, folders and pictures, too"
            )
        known = read_labels(labels, len(x))
        for start in range(0, len(x), batch_size):
            yield x[start : start + batch_size], known[start : start + batch_size]


def read_labels(labels: Any, n: int) -> list[int]:
    """Labels of ``n`` images as numbers; -1 for each where there are none.

    Raises:
        ValueError: there are more or fewer.
    """
    if labels is None:
        return [NONE] * n
    found: Sequence[int] = torch.as_tensor(labels).flatten().tolist()
    if len(found) != n:
        raise ValueError(f"{len(found)} labels came with {n} images; accepted: one an image")
    return [int(label) for label in found]
