"""Matplotlib's colormaps as tables of 256 colours: the browser looks colours up and computes none."""

from __future__ import annotations

# not where it is used: this import leaves cycles of frames, and with them whatever its callers had in their hands
import matplotlib
import numpy as np

from camwidget import protocol
from camwidget.engine import suggest


def lut(name: object) -> bytes:
    """256 RGBA colours of one Matplotlib colormap, from its low end to its high end: 1024 bytes."""
    if not isinstance(name, str):
        kind = type(name).__name__
        raise TypeError(f"a colormap is given by its Matplotlib name, such as 'viridis'; this is a {kind}")
    if name not in matplotlib.colormaps:
        # The maps on offer come first, so that the shortened list shows the ones worth choosing.
        names = dict.fromkeys((*protocol.COLORMAPS, protocol.SIGNED_COLORMAP, *matplotlib.colormaps))
        raise ValueError(suggest.unknown("colormap", name, names))
    # Sampled at 256 even steps, whatever the number of colours the map itself holds.
    colours = matplotlib.colormaps[name](np.linspace(0.0, 1.0, 256), bytes=True)
    return np.ascontiguousarray(colours, dtype=np.uint8).tobytes()


def luts(current: str) -> dict[str, bytes]:
    """Tables of every map on offer, of the current one, and of those for signed and for negative values."""
    names = dict.fromkeys((*protocol.COLORMAPS, current, protocol.SIGNED_COLORMAP, protocol.NEGATIVE_COLORMAP))
    return {name: lut(name) for name in names}
