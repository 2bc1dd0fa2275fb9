"""What a gallery knows as tables, and as a page for where no widget runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from camwidget.still import Look

from . import sheet
from .desk import Desk
from .items import Items
from .protocol import UNKNOWN
from .scoring import Scores
from .sheet import Caption
from .thumbs import Made

PATIENCE = 1.0
"""Seconds that a cell waits for its still page, about."""

ON_A_PAGE = sheet.COLUMNS * sheet.ROWS


def pandas() -> Any:
    """The library.

    Raises:
        ImportError: it is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("tables need pandas: pip install 'camwidget[data]'") from error
    return pd


def frame(scores: Scores, items: Items, names: Sequence[str], selection: Sequence[int]) -> Any:
    """See ``CamGallery.frame``."""
    count = len(items)
    chosen = np.zeros(count, bool)
    chosen[list(selection)] = True
    named = [*names, *[None] * (UNKNOWN + 1 - len(names))]
    return pandas().DataFrame(
        {
            "index": np.arange(count),
            "name": [items.name(i) for i in range(count)],
            "truth": [named[k] for k in scores.truth],
            "predicted": [named[k] for k in scores.predicted],
            "loss": scores.loss,
            "confidence": scores.confidence,
            "margin": scores.margin,
            "selected": chosen,
            "error": [scores.failed.get(i) for i in range(count)],
        }
    )


def confusion(scores: Scores, names: Sequence[str]) -> Any:
    """See ``CamGallery.confusion``."""
    pd = pandas()
    rows, columns = (pd.Index(list(names), name=name) for name in ("truth", "predicted"))
    return pd.DataFrame(scores.confusion(len(names)), index=rows, columns=columns)


def worst(scores: Scores, count: int) -> list[int]:
    """Items with the largest losses; where no true class is known, those that the model is least sure of."""
    known = np.flatnonzero(scores.predicted != UNKNOWN)
    losses = scores.loss[known]
    rank = -losses if np.isfinite(losses).any() else scores.margin[known]
    order = np.argsort(np.nan_to_num(rank, nan=np.inf), kind="stable")
    return [int(index) for index in known[order[:count]]]


def still(desk: Desk, names: Sequence[str], lut: bytes, look: Look) -> bytes:
    """The worst items of those that are scored by now, of some at least, as JPEG."""
    end = time.monotonic() + PATIENCE
    with desk.turn():
        while desk.scoring.scores.done < ON_A_PAGE and time.monotonic() < end and desk.scoring.step():
            pass
        made = desk.make(worst(desk.scoring.scores, ON_A_PAGE), desk.look, end + PATIENCE)
    scores = desk.scoring.scores
    which = "those with the largest loss" if np.isfinite(scores.loss).any() else "those that are least sure"
    title = f"{len(made)} of {len(scores.truth)} items, of {scores.done} scored by then {which}"
    return sheet.page([(one, _caption(one, scores, names)) for one in made], title, lut, look)


def _caption(made: Made, scores: Scores, names: Sequence[str]) -> Caption:
    called, truth = int(scores.predicted[made.index]), int(scores.truth[made.index])
    if called == UNKNOWN:
        return Caption("", "")
    wrong = truth not in (UNKNOWN, called)
    return Caption(f"{names[called]} {scores.confidence[made.index]:.2f}", f"true: {names[truth]}" if wrong else "")
