"""Real networks on real pictures and sound: where the map of what is there has its peak, and what happens to the score
when the strongest cells are covered.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn

from camwidget import CamEngine, CamWidget
from camwidget.engine import Recording, upsample

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"

COVERED = 0.2
"""Share of the pixels that are covered."""

ELSEWHERE = ((0, 16), (16, 0), (16, 16), (8, 8), (8, 24), (24, 8), (24, 24))
"""By how many pixels a cover is moved (around the edges) to be compared with itself in other places: pixels that are
strewn at random would spoil a picture more than any patch.
"""

WORD_FRAMES = 30
"""Frames that one cell of the wake-word network looks at."""


@dataclass(frozen=True)
class Hit:
    """Whether the map of one class peaks on what it names.

    Attributes:
        chance: how often a peak anywhere would do so, the share of the box or mask in the input.
        share: of the positive evidence, what lies inside.
        rank: of the class among the scores, 0 for the first.
    """

    picture: str
    label: str
    variant: str
    inside: bool
    chance: float
    share: float
    rank: int


@dataclass(frozen=True)
class Cover:
    """By how much the score falls when pixels are covered: the strongest of the map, the weakest, or as many in the
    form of the strongest, but elsewhere.
    """

    picture: str
    variant: str
    strongest: float
    weakest: float
    elsewhere: float


@cache
def annotations() -> dict[str, Any]:
    return json.loads((FOLDER / "images" / "annotations.json").read_text())


@cache
def builders() -> ModuleType:
    """``models.py`` of the data folder, without a change of ``sys.path``."""
    spec = importlib.util.spec_from_file_location("camwidget_real_models", FOLDER / "models.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def squeezenet() -> nn.Module:
    model = torchvision.models.squeezenet1_0()
    weights = torch.load(FOLDER / "hub" / "checkpoints" / "squeezenet1_0-b66bff10.pth", weights_only=True)
    model.load_state_dict(weights)
    return model.eval()


def squeezenet_transform() -> Any:
    return torchvision.models.SqueezeNet1_0_Weights.DEFAULT.transforms()


# ---------------------------------------------------------------------- boxes: SqueezeNet


def boxed() -> list[str]:
    """The pictures with boxes of ImageNet classes."""
    return [name for name, info in annotations()["images"].items() if any(o["imagenet_idx"] for o in info["objects"])]


def in_crop(box: Sequence[float], size: Sequence[int], short: int = 256, crop: int = 224) -> tuple[float, ...]:
    """A box (x0, y0, x1, y1) of a picture ``(W, H)``, in pixels of its central crop after resizing."""
    scale = short / min(size)
    left, top = ((side * scale - crop) / 2 for side in size)
    x0, y0, x1, y1 = (value * scale for value in box)
    moved = (x0 - left, y0 - top, x1 - left, y1 - top)
    return tuple(min(max(value, 0.0), float(crop)) for value in moved)


def box_hits(picture: str, variants: Sequence[str]) -> Iterator[Hit]:
    """For each class that the annotations allow for each object in a picture, by the widget as a user sees it."""
    info = annotations()["images"][picture]
    path = str(FOLDER / "images" / picture)
    names = builders().imagenet_classes()
    with CamWidget(squeezenet(), path, labels=names, preprocess=squeezenet_transform()) as w:
        for thing in info["objects"]:
            mask = np.zeros((224, 224), bool)
            x0, y0, x1, y1 = in_crop(thing["box"], info["size"])
            mask[round(y0) : round(y1), round(x0) : round(x1)] = True
            for target in thing["imagenet_idx"]:
                rank = int((w.scores > w.scores[target]).sum())
                for variant in variants:
                    w.target, w.variant = target, variant
                    yield hit(picture, names[target], variant, w.heatmap, mask, rank)


def hit(picture: str, label: str, variant: str, heat: np.ndarray, mask: np.ndarray, rank: int = 0) -> Hit:
    peak = np.unravel_index(heat.argmax(), heat.shape)
    positive = heat.clip(min=0)
    share = float(positive[mask].sum() / max(float(positive.sum()), 1e-12))
    return Hit(picture, label, variant, bool(mask[peak]), float(mask.mean()), share, rank)


# ---------------------------------------------------------------------- masks: segmentation


def mask_hits(variants: Sequence[str]) -> Iterator[Hit]:
    """Where the network sees a class, and why: the mean score over those pixels is explained."""
    model, info = builders().deeplabv3_mnv2()
    for picture, entry in annotations()["images"].items():
        if "mask" not in entry:
            continue
        image = Image.open(FOLDER / "images" / picture).convert("RGB")
        drawn = Image.open(FOLDER / "images" / entry["mask"]).convert("L").resize((513, 513), Image.Resampling.NEAREST)
        recording = CamEngine(model).record(info["transform"](image)[None])
        label = entry["objects"][0]["voc"]
        for variant in variants:
            heat = large(recording, info["classes"].index(label), variant)
            yield hit(picture, label, variant, heat, np.asarray(drawn) > 0)


def large(recording: Recording, target: int, variant: str) -> np.ndarray:
    """The map ``(H, W)`` at the size of the input."""
    return upsample(recording.cam(target, variant=variant), recording.x.shape[2:], "bilinear")[0].numpy()


# ---------------------------------------------------------------------- intervals: the wake word

MARGIN = 30
"""Frames that a clip has on each side of the word, about a second."""


@dataclass(frozen=True)
class Word:
    """One time that the wake word is said, as a clip of its own, and the map of one variant.

    Attributes:
        start, end: of the word. centre: of the cell in which the map peaks. sees: what this cell looks at, from and to.
            All in seconds. A cell looks at 30 frames from its own on (the convolutions are unpadded), so its centre is
            14.5 frames after it.
        chosen: whether it is the cell whose score is the network's answer (the highest one over time).
        hit: whether the centre is within the word.
    """

    start: float
    end: float
    centre: float
    sees: tuple[float, float]
    chosen: bool
    hit: Hit


def words(variants: Sequence[str]) -> Iterator[Word]:
    model, info = builders().wakeword_1d()
    sound = json.loads((FOLDER / "audio" / "annotations.json").read_text())
    frames, second = info["transform"](FOLDER / "audio" / sound["file"]), info["frame_seconds"]
    engine = CamEngine(model)
    for start, end in sound["windows"]:
        first = max(0, int(start / second) - MARGIN)
        recording = engine.record(frames[None, :, first : int(end / second) + MARGIN])
        with torch.no_grad():
            chosen = int(model.head(model.features(recording.x).transpose(1, 2))[0, :, 0].argmax())
        rank = int((recording.scores[0] > recording.scores[0, 0]).sum())
        for variant in variants:
            cells = recording.cam(0, variant=variant)[0].numpy()
            # a frame is two hops long, so its centre is one hop after its start
            seconds = (np.arange(cells.size) + first + (WORD_FRAMES - 1) / 2 + 1) * second
            found = hit(f"{start:.1f} s", "marvin", variant, cells, (seconds >= start) & (seconds <= end), rank)
            peak = int(cells.argmax())
            sees = ((first + peak) * second, (first + peak + WORD_FRAMES + 1) * second)
            yield Word(start, end, float(seconds[peak]), sees, peak == chosen, found)


# ---------------------------------------------------------------------- covering: CIFAR-10


def cover_drops(network: str, variants: Sequence[str]) -> Iterator[Cover]:
    """There are no boxes for these small pictures: instead the strongest fifth of the pixels is covered with the mean
    colour, and the score of the class that the network chose is compared with covering the weakest, or the same form
    elsewhere.
    """
    model, info = getattr(builders(), network)()
    engine = CamEngine(model)
    for picture in annotations()["cifar10"]:
        x = info["transform"](Image.open(FOLDER / "images" / picture).convert("RGB"))[None]
        recording = engine.record(x)
        target = int(recording.scores[0].argmax())
        for variant in variants:
            signed = recording.cams([target], variant=variant)[:, 0]
            order = upsample(signed, x.shape[2:], "bilinear")[0].flatten().argsort()
            yield Cover(picture, variant, *_drops(model, x, target, order))


def _drops(model: nn.Module, x: Tensor, target: int, order: Tensor) -> tuple[float, float, float]:
    count = int(COVERED * order.numel())
    strongest, weakest = (_mask(chosen, x) for chosen in (order[-count:], order[:count]))
    moved = [strongest.roll(by, (0, 1)) for by in ELSEWHERE]
    covers = torch.stack([torch.zeros_like(strongest), strongest, weakest, *moved])
    with torch.no_grad():
        # 0 is the mean colour, since inputs are normalised
        scores = model(x * ~covers[:, None])[:, target]
    drops = (scores[0] - scores[1:]).tolist()
    return drops[0], drops[1], float(np.mean(drops[2:]))


def _mask(chosen: Tensor, x: Tensor) -> Tensor:
    mask = torch.zeros(x.shape[2:], dtype=torch.bool)
    mask.view(-1)[chosen] = True
    return mask


# ---------------------------------------------------------------------- precision


def agreement(picture: str, dtype: torch.dtype, variants: Sequence[str]) -> dict[str, float]:
    """Correlation of the best class's maps in this dtype with those in float32: SqueezeNet at its default layer."""
    x = squeezenet_transform()(Image.open(FOLDER / "images" / picture).convert("RGB"))[None]
    full = CamEngine(squeezenet()).record(x)
    low = CamEngine(squeezenet(), autocast=dtype).record(x)
    target = int(full.scores[0].argmax())
    return {v: _correlation(low.cams([target], variant=v), full.cams([target], variant=v)) for v in variants}


def _correlation(a: Tensor, b: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1])
