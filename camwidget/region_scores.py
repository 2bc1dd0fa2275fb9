"""What a region of the picture says for each class, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from .atlas import Map
from .region import Region, is_box

SHOWN = 10
"""Rows of a printed table."""

WIDEST = 28


@dataclass(frozen=True)
class RegionScore:
    """One class.

    Attributes:
        index, name: of the class.
        evidence: the sum of its map over the region, cells that lie partly in it by area; in ``RegionScores.unit``.
        share: of the class's positive evidence on the whole picture, 0 to 1; NaN where it has none.
        probability: the model's for the whole picture.
    """

    index: int
    name: str
    evidence: float
    share: float
    probability: float


@dataclass(frozen=True)
class RegionScores(Sequence[RegionScore]):
    """The classes, strongest evidence first.

    Attributes:
        region: what was asked, see ``CamWidget.region``. layer, variant: of the maps.
        unit: of the evidence: "logits", "probability", "log-probability", or "relative".
        exact: whether the evidence in all cells adds up to the score less the bias, see ``engine/additive.py``; else it
            is a first-order estimate.
        classes: how many the model has; ``rows`` may hold the listed ones only, where each takes a backward pass.
    """

    region: Region
    layer: str
    variant: str
    unit: str
    exact: bool
    classes: int
    rows: tuple[RegionScore, ...]

    @overload
    def __getitem__(self, index: int) -> RegionScore: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RegionScore, ...]: ...
    def __getitem__(self, index: int | slice) -> RegionScore | tuple[RegionScore, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RegionScore]:
        return iter(self.rows)

    def frame(self) -> Any:
        """A ``pandas.DataFrame`` with the fields of ``RegionScore`` as columns.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame([asdict(row) for row in self.rows], columns=list(RegionScore.__dataclass_fields__))

    @property
    def manner(self) -> str:
        """How the sums are to be taken, as the widget says it: "exact", "first order", or "relative"."""
        if self.unit == "relative":
            return "relative"
        return "exact" if self.exact else "first order"

    def __repr__(self) -> str:
        shown, number = self.rows[:SHOWN], len(str(self.classes - 1))
        wide = min(WIDEST, max((len(row.name) for row in shown), default=5))
        head = f"{'':{number}}  {'class':{wide}} {'evidence':>9} {'share':>7} {'probability':>11}"
        left, missing = len(self.rows) - len(shown), self.classes - len(self.rows)
        notes = [f"{left} more"] if left else []
        notes += [f"of {self.classes} classes, those listed"] if missing else []
        lines = [
            f"Evidence in the {_words(self.region)}, {self.unit}, {self.manner} ({self.variant} at {self.layer})",
            head,
            *(_line(row, number, wide) for row in shown),
            *(f"{'':{number}}  {note}" for note in notes),
        ]
        return "\n".join(lines)


def _words(region: Region) -> str:
    return f"box {', '.join(f'{v:g}' for v in region)}" if is_box(region) else f"outline of {len(region)} points"


def _line(row: RegionScore, number: int, wide: int) -> str:
    name = row.name if len(row.name) <= wide else f"{row.name[: wide - 1]}…"
    share = "–" if np.isnan(row.share) else f"{100 * row.share:.1f} %"
    return f"{row.index:>{number}}  {name:<{wide}} {row.evidence:>+9.3f} {share:>7} {row.probability:>11.4f}"


def rows_of(
    targets: Sequence[int],
    maps: Map,
    cover: npt.NDArray[np.float64],
    names: Sequence[str],
    probabilities: npt.NDArray[np.float32],
) -> tuple[RegionScore, ...]:
    """One row a class, strongest first.

    Args:
        targets: the classes of ``maps (T, h, w)``, signed. cover: see ``region.coverage``, ``(h, w)``.
        names, probabilities: of all K classes.
    """
    flat, weights = maps.reshape(len(maps), -1).astype(np.float64), cover.ravel()
    evidence = flat @ weights
    positive = flat.clip(min=0)
    whole = positive.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(whole > 0, (positive @ weights) / whole, np.nan)
    order = np.argsort(-np.where(np.isnan(evidence), -np.inf, evidence), kind="stable")
    chosen = [(targets[i], float(evidence[i]), float(share[i])) for i in order]
    return tuple(RegionScore(t, names[t], sum_, part, float(probabilities[t])) for t, sum_, part in chosen)
