"""How maps are drawn in a figure, and what of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import Map


@dataclass(frozen=True)
class Look:
    """How maps are drawn, as the traits of these names say; ``mode`` is the interpolation, ``lut`` 256 RGBA colours,
    ``index`` a slice of a volume, None for the strongest, ``levels`` of contours, shares of the limit.
    """

    sign: str
    opacity: float
    threshold: float
    mode: str
    shading: str
    lut: bytes
    levels: tuple[float, ...]
    index: int | None = None

    @property
    def signed(self) -> bool:
        """Whether both signs have colours."""
        return self.sign == "signed"


def folded(map_: Map, sign: str) -> Map:
    """What is drawn of a signed map: positive values, magnitudes, or all; what is no number is 0."""
    values = np.nan_to_num(map_, posinf=0, neginf=0)
    if sign == "signed":
        return values
    if sign == "negative":
        return (-values).clip(min=0)
    return np.abs(values) if sign == "absolute" else values.clip(min=0)


def reach(map_: Map, sign: str) -> float:
    """The largest magnitude that is drawn: the upper colour limit."""
    return float(np.abs(folded(map_, sign)).max())
