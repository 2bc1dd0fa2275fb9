"""What is known of a film as the dicts that cross the wire. Shapes and names: see ``protocol.py``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .screening import Screening
from .wire import thumbnail


def reel(screening: Screening, truth: Sequence[int | None]) -> dict[str, Any]:
    """The ``reel`` trait."""
    return {
        "truth": list(truth),
        "called": list(screening.called),
        "probability": [_number(p) for p in screening.probability],
        "faults": [index in screening.faults for index in range(len(truth))],
    }


def _number(probability: float | None) -> float | None:
    return None if probability is None or not math.isfinite(probability) else round(probability, 6)


def heats(screening: Screening) -> dict[str, Any]:
    """The ``heats`` trait."""
    if screening.warm is None:
        return {}
    found = [screening.maps.get(index) for index in range(len(screening.called))]
    maps = [None if map_ is None else thumbnail(map_) for map_ in found]
    return {"layer": screening.warm.layer, "variant": screening.warm.variant, "maps": maps}
