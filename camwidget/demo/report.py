"""What the demo's network is worth: figures on held-out scenes, and the README that states them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from camwidget.demo.scenes import SceneObject


class Figures:
    """Collects scores and pointing trials of K classes, then counts."""

    def __init__(self, categories: Sequence[str]) -> None:
        self.categories = tuple(categories)
        self._scores: list[NDArray[np.float32]] = []
        self._labels: list[NDArray[np.float32]] = []
        self._points: list[tuple[int, bool, bool, bool, float]] = []

    def add_scores(self, logits: NDArray[np.float32], labels: NDArray[np.float32]) -> None:
        """Logits (K,) and labels (K,) of one scene."""
        self._scores.append(logits)
        self._labels.append(labels)

    def add_point(self, k: int, at: tuple[int, int], thing: SceneObject, size: tuple[int, int]) -> None:
        """One trial: the peak of class ``k``'s map against where its sticker lies on a picture of ``size``."""
        x, y = at
        x0, y0, x1, y1 = thing.box
        centre = x0 <= size[0] // 2 < x1 and y0 <= size[1] // 2 < y1
        share = (x1 - x0) * (y1 - y0) / (size[0] * size[1])
        inked = thing.mask is not None and bool(thing.mask[y, x])
        self._points.append((k, x0 <= x < x1 and y0 <= y < y1, inked, centre, share))

    @property
    def scenes(self) -> int:
        """How many scenes were seen."""
        return len(self._scores)

    @property
    def trials(self) -> int:
        """How many stickers the pointing game asked for."""
        return len(self._points)

    def label_accuracy(self) -> float:
        """Share of right answers over all scenes and classes."""
        return float((self._said() == self._truth()).mean())

    def exact_match(self) -> float:
        """Share of scenes with all classes right."""
        return float((self._said() == self._truth()).all(1).mean())

    def mean_precision(self) -> float:
        """Mean over the classes of the average precision."""
        return float(np.mean([self.average_precision(k) for k in range(len(self.categories))]))

    def average_precision(self, k: int) -> float:
        """Area under precision and recall of class ``k``."""
        truth = self._truth()[:, k][np.argsort(-np.stack(self._scores)[:, k], kind="stable")]
        precision = np.cumsum(truth) / np.arange(1, len(truth) + 1)
        return float(precision[truth].mean()) if truth.any() else float("nan")

    def f1(self, k: int) -> float:
        """Harmonic mean of precision and recall of class ``k`` at probability 0.5."""
        said, truth = self._said()[:, k], self._truth()[:, k]
        return float(2 * (said & truth).sum() / max(1, said.sum() + truth.sum()))

    def pointing(self, k: int | None = None) -> dict[str, float]:
        """Share of peaks in the box and on the sticker itself, and what pointing blindly would score in the box."""
        rows = np.array([row[1:] for row in self._points if k is None or row[0] == k], dtype=np.float64)
        return dict(zip(("box", "sticker", "centre", "random"), rows.mean(0).tolist(), strict=True))

    def table(self) -> str:
        """The figures as Markdown."""
        point = self.pointing()
        lines = [
            "| on held-out scenes | |",
            "|:--|--:|",
            f"| label accuracy (scene x class, probability 0.5) | {self.label_accuracy():.2%} |",
            f"| exact match (all {len(self.categories)} answers of a scene right) | {self.exact_match():.2%} |",
            f"| mean average precision | {self.mean_precision():.4f} |",
            f"| **pointing game**: peak of the class's map in the sticker's box | **{point['box']:.2%}** |",
            f"| the same, on the sticker's own pixels | {point['sticker']:.2%} |",
            f"| blind: a random point, in the box | {point['random']:.2%} |",
            f"| blind: the middle of the picture, in the box | {point['centre']:.2%} |",
            "",
            "| class | average precision | F1 | peak in box | peak on sticker |",
            "|:--|--:|--:|--:|--:|",
        ]
        for k, name in enumerate(self.categories):
            own = self.pointing(k)
            figures = f"{self.average_precision(k):.4f} | {self.f1(k):.4f} | {own['box']:.2%} | {own['sticker']:.2%}"
            lines.append(f"| {name} | {figures} |")
        return "\n".join(lines)

    def _said(self) -> NDArray[np.bool_]:
        return np.stack(self._scores) > 0

    def _truth(self) -> NDArray[np.bool_]:
        return np.stack(self._labels) > 0.5


@dataclass(frozen=True)
class Round:
    """One round of training: its scenes and how long to look at them."""

    first: int
    scenes: int
    size: int
    side: float
    epochs: int
    batch: int
    rate: float


@dataclass(frozen=True)
class Run:
    """How the weights came about."""

    seed: int
    share: float
    threads: int
    seconds: float

    def facts(self) -> dict[str, str]:
        """As text, for the header of the weights."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def read(cls, facts: Mapping[str, str]) -> Run:
        """Back from the header."""
        return cls(int(facts["seed"]), float(facts["share"]), int(facts["threads"]), float(facts["seconds"]))


def readme(figures: Figures, run: Run, weight: int, plans: Sequence[Round]) -> str:
    """The README beside the weights."""
    rounds = ", then ".join(f"{p.epochs} times over {p.scenes} scenes of {p.size}x{p.size}" for p in plans)
    threads = "1 thread" if run.threads == 1 else f"{run.threads} threads"
    return f"""# The embedded demo

A small network and its pictures, so that the widget runs with no download. Drawn and trained by this project.

![Five stickers on a wooden table: star, ring, fish, key, heart](pictures/table.jpg)

```python
from camwidget import demo

net, picture = demo.model(), demo.image("table")  # a DemoNet in eval mode, a PIL picture
demo.labels(), demo.preprocess()  # names of the classes; PIL picture -> (3, 192, 192)
drawn = demo.scene(seed=7, classes=["star", "ring"])  # a new scene: drawn.image, drawn.objects (name, box, mask)
```

The pictures are stickers on textured grounds, two to five a scene, {len(figures.categories)} classes:
{", ".join(figures.categories)}. Any class comes in any colour, so that
only the shape tells. Several classes may be on one picture: every score is a logit of its own (sigmoid).

`DemoNet` is a residual network (ReLU, BatchNorm, average pooling, linear head) for 192x192 pixels, with stages of 96,
48, 24 and 12 cells a side (`stem`, `stage1`, `stage2`, `stage3`). It learns from labels alone: it is never told where
a sticker lies.

## Figures

This part is written by the training script; change the script, not the numbers.

    python -m camwidget.demo.train --seed {run.seed} --threads {run.threads}

Seed {run.seed}, {rounds}:
{run.seconds / 60:.1f} minutes with {threads}, drawing included.
`weights.safetensors`: {weight / 1e6:.2f} MB (matrices in float16; the figures are measured after that rounding).
{figures.scenes} held-out scenes, {figures.trials} stickers. The maps are Grad-CAM at `stage3`, scaled up to the picture
bicubically.

{figures.table()}

The peak of a map is where the evidence of a class meets: for a ring that is the hole, for a moon the hollow. It lies in
the box there, and beside the sticker's own pixels.
"""
