"""Writes ``agreement.json``, by which JavaScript and Python are held to scipy: ``python
tests/parity/make_agreement_fixtures.py``. It is kept in git: the tests that read it need no scipy.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

FILE = Path(__file__).resolve().parents[2] / "js" / "test" / "fixtures" / "agreement.json"

GRID = (4, 5)


def maps() -> list[np.ndarray[Any, Any]]:
    """A map; one that is nearly the same; one with few values, many ties and zeros; its opposite; one that is the same
    everywhere; a blank one.
    """
    rng = np.random.default_rng(0)
    first = rng.normal(size=20).round(3)
    near = (first + rng.normal(size=20) / 8).round(3)
    ties = rng.integers(-1, 3, 20) / 2
    made = [first, near, ties, -ties, np.full(20, 0.5), np.zeros(20)]
    return [values.astype(np.float32) for values in made]


def case(sign: str) -> dict[str, Any]:
    """What is due for the maps as a sign has them."""
    fold = {"positive": lambda v: v.clip(min=0), "signed": lambda v: v, "absolute": np.abs}[sign]
    drawn = [fold(values.astype(np.float64)) for values in maps()]

    def one(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float | None:
        constant = np.ptp(a) == 0 or np.ptp(b) == 0
        return None if constant else round(float(spearmanr(a, b).statistic), 9)

    scaled = [values / np.abs(values).max() for values in drawn if values.any()]
    return {
        "sign": sign,
        "correlations": [[one(a, b) for b in drawn] for a in drawn],
        "spread": [round(float(v), 9) for v in np.std(scaled, axis=0)],
    }


def fixture() -> dict[str, Any]:
    """The content of the file."""
    values = [[round(float(v), 6) for v in one] for one in maps()]
    return {"grid": GRID, "maps": values, "cases": [case(sign) for sign in ("positive", "signed", "absolute")]}


if __name__ == "__main__":
    FILE.write_text(json.dumps(fixture(), separators=(",", ":")) + "\n", encoding="utf-8")
