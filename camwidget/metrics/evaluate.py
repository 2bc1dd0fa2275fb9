"""All measures of several variants at once, with maps that know nothing beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from camwidget import inputs, labels, preprocessing
from camwidget.dataset.loading import default_workers, windows
from camwidget.dataset.sources import Reader, open_source
from camwidget.dataset.wanted import Wanted
from camwidget.engine import CamEngine
from camwidget.engine.batches import answers, ask
from camwidget.engine.suggest import unknown

from .baselines import random_maps, uniform_maps
from .boxes import energy_in_box, pointing_game
from .confidence import drop_and_increase
from .curves import STEPS, deletion, insertion
from .judge import Judge, judged

if TYPE_CHECKING:
    import pandas as pd

Values = npt.NDArray[np.float32]

RANDOM, UNIFORM = "random", "uniform"


@dataclass(frozen=True)
class _Shown:
    """One batch and the maps of one method: what a measure is made of."""

    judge: Judge
    x: Tensor
    maps: Tensor
    targets: Tensor
    boxes: Any
    steps: int

    @cached_property
    def confidence(self) -> tuple[Tensor, Tensor]:
        """Both measures of confidence, by the same two runs."""
        return drop_and_increase(self.judge, self.x, self.maps, self.targets)


MEASURES: Mapping[str, Callable[[_Shown], Tensor]] = {
    "deletion": lambda s: deletion(s.judge, s.x, s.maps, s.targets, steps=s.steps).area,
    "insertion": lambda s: insertion(s.judge, s.x, s.maps, s.targets, steps=s.steps).area,
    "average drop": lambda s: s.confidence[0],
    "increase in confidence": lambda s: s.confidence[1],
    "pointing game": lambda s: pointing_game(s.maps, s.boxes, s.x.shape[2:]),
    "energy in box": lambda s: energy_in_box(s.maps, s.boxes, s.x.shape[2:]),
}
"""By name; the last two need boxes. Low is good of deletion and average drop, high of the others."""

NEED_BOXES = ("pointing game", "energy in box")


def evaluate(model: nn.Module | CamEngine, images: Any, labels: Any = None, **keywords: Any) -> pd.DataFrame:
    """A table with one row a variant, the means of all measures over the images: ``labels`` and ``keywords`` as of
    ``measure``.

    Random maps (every cell of the layer's grid drawn evenly) and uniform ones stand below, since a figure by itself
    says little: a small object makes the pointing game hard, a model that is easily put off makes deletion easy.

    Raises: as ``measure``; ImportError: pandas is not installed (extra ``data``).
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "evaluate makes a table of pandas, which is missing: pip install 'camwidget[data]'"
        ) from error
    found = measure(model, images, labels, **keywords)
    rows = {method: {name: float(np.nanmean(v)) for name, v in by.items()} for method, by in found.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")


def measure(  # noqa: PLR0913
    model: nn.Module | CamEngine,
    images: Any,
    labels: Any = None,
    boxes: Any = None,
    variants: Sequence[str] = ("gradcam", "hirescam", "layercam", "gradcam++", "xgradcam", "elementwise"),
    *,
    layer: str | None = None,
    measures: Sequence[str] | None = None,
    probability: str | None = None,
    maps_of: nn.Module | CamEngine | None = None,
    batch_size: int = 32,
    steps: int = STEPS,
    seed: int = 0,
    preprocess: Any = None,
) -> dict[str, dict[str, Values]]:
    """Every measure of every variant, image by image: ``found[variant][measure]`` is float32 ``(N,)``.

    Args:
        model: any classifier; what it says of changed images is the measure. images: as of ``explain``.
        labels: the class of each image that is explained, as ``targets`` of ``explain``; default: the predicted one.
        boxes: for each image where its class is: one box ``(x0, y0, x1, y1)`` or a list of them, in pixels of the
            network's input. Without, the measures that need them are left out.
        variants, layer: as of ``explain``; of one that is made at the input, Guided Grad-CAM, the sizes of the values
            are taken. measures: names in ``MEASURES``; default: all that can be made.
        probability: as of ``Judge``.
        maps_of: the model whose maps are measured, such as ``randomised(model)``; default: ``model``.
        batch_size: images at once. steps: of deletion and insertion. seed: of the random maps.
        preprocess: as of ``explain``.

    Raises: as ``explain``; ValueError: there are not boxes for each image, or an unknown measure.
    """
    chosen = _chosen(measures, boxes)
    judge = Judge(model, probability)
    maker = judge.engine if maps_of is None else maps_of if isinstance(maps_of, CamEngine) else CamEngine(maps_of)
    question = ask(layer, variants, "grid")
    found: dict[str, dict[str, list[Tensor]]] = {
        method: {name: [] for name in chosen} for method in (*question.variants, RANDOM, UNIFORM)
    }
    done = 0
    for x, targets in _batches(judge.engine, images, labels, batch_size, preprocess):
        n = len(x)
        mine = None if boxes is None else boxes[done : done + n]
        for method, maps, classes in _methods(maker, x, targets, question, seed + done):
            shown = _Shown(judge, judge.placed(x), maps, classes, mine, steps)
            for name in chosen:
                found[method][name].append(MEASURES[name](shown).cpu())
        done += n
    if boxes is not None and len(boxes) != done:
        raise ValueError(
            f"boxes of {len(boxes)} images for {done} images; accepted: for each one box, or a list of them"
        )
    return {method: {name: torch.cat(parts).numpy() for name, parts in by.items()} for method, by in found.items()}


def _chosen(measures: Sequence[str] | None, boxes: Any) -> list[str]:
    if measures is None:
        return [name for name in MEASURES if boxes is not None or name not in NEED_BOXES]
    for name in measures:
        if name not in MEASURES:
            raise ValueError(unknown("measure", name, list(MEASURES)))
        if boxes is None and name in NEED_BOXES:
            raise ValueError(f"{name} needs boxes=, for each image where its class is")
    return list(measures)


def _methods(
    engine: CamEngine, x: Tensor, targets: list[Any], question: Any, seed: int
) -> Iterator[tuple[str, Tensor, Tensor]]:
    """By name: the maps of a batch by each variant, then those that know nothing; and the classes."""
    parts = list(answers(engine, x, targets, question))
    classes = torch.tensor([target for part in parts for target in part.targets])
    grid: Sequence[int] = ()
    for key in parts[0].maps:
        maps = torch.cat([torch.from_numpy(part.maps[key]) for part in parts])
        grid = grid if grid and maps.shape[1:] == x.shape[2:] else maps.shape[1:]
        yield key[1], judged(maps, key[1]), classes
    yield RANDOM, random_maps(len(x), grid, seed), classes
    yield UNIFORM, uniform_maps(len(x), grid), classes


def _batches(
    engine: CamEngine, images: Any, given: Any, batch_size: int, preprocess: Any
) -> Iterator[tuple[Tensor, list[Any]]]:
    """The images as the network gets them, and what of each is explained: for the predicted class the model is asked,
    so that the maps of another one explain the same.
    """
    known = preprocessing.find(engine.model, preprocess)
    source = open_source(images, Reader(inputs.kinds_of(engine.model), known))
    wanted = Wanted(given)
    wanted.check(source.length)
    for window in windows(source.jobs(), batch_size, default_workers(), ()):
        bad = next((read.error for read in window if read.error is not None), None)
        if bad is not None:
            raise bad
        x = torch.stack([read.input for read in window if read.input is not None])
        predicted = engine.run(engine.copy(), Judge(engine).placed(x), len(x)).table()
        if not wanted.names:
            wanted.names = engine.names(predicted.shape[1]) or labels.find(engine.model, None, predicted.shape[1])
        targets = [wanted.of(read.index, read.label, read.name) for read in window]
        ours = predicted.argmax(1).tolist()
        yield x, [ours[i] if target is None else target for i, target in enumerate(targets)]
