"""What each channel of a layer adds to a map, for the panel that shows the steps of a method with their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from torch import Tensor

from . import wire
from .answers import View
from .atlas import Atlas, to_numpy
from .engine import VARIANTS, Channels, Recording
from .engine.channels import channels_of
from .engine.preempt import Stop
from .protocol import CHANNEL_BYTES, CHANNELS, FEWEST_CHANNELS, HALF_ABOVE, THUMB

if TYPE_CHECKING:
    from .session import Session

PAGE_BYTES = 64 * 2**10
"""What a page without a kernel holds of channels, about, before it is packed."""


def unfold(atlas: Atlas, view: View, stop: Stop | None = None) -> Channels:
    """The strongest channels of a view, as many as are shown.

    Raises: as ``Recording.inside``; Stopped: ``stop`` said so.
    """
    recording = atlas.recording
    top = _top(recording.layers[view.layer].grid)
    return channels_of(recording, atlas.aim.target(view.target), view.layer, view.variant, top, stop=stop)


def page(session: Session, here: View, layers: Sequence[str], variants: Sequence[str]) -> dict[str, Any]:
    """The ``channels`` trait of a page without a kernel: of the class on screen, as much as fits into PAGE_BYTES. First
    the view on screen, then that layer by the other variants, then the other layers, the last one first.

    Raises: as ``Recording.inside``.
    """
    recording, image = session.recording(here), session.atlas.generation
    wanted = planned(recording, here, layers, variants)
    found = [(view, session.channels(view, top)) for view, top, _ in wanted]
    # the model may change meanwhile: then none of them is what the page's maps are the sum of
    return trait(image, found if session.atlas.generation == image else [], above=0)


def planned(
    recording: Recording, here: View, layers: Sequence[str], variants: Sequence[str]
) -> list[tuple[View, int, int]]:
    """What such a page holds, from the sizes of grids alone: (view, number of channels, bytes before packing) each."""
    order = [here.layer, *(layer for layer in reversed(layers) if layer != here.layer)]
    by = [v for v in dict.fromkeys([here.variant, *variants]) if VARIANTS[v].weights != "none"]
    found, left = [], PAGE_BYTES
    for view in (replace(here, layer=layer, variant=variant) for layer in order for variant in by):
        grid = recording.layers[view.layer].grid
        top, cells = _top(grid), math.prod(grid)
        size = top * (2 * cells + min(cells, THUMB**2) * (2 if VARIANTS[view.variant].weights == "cell" else 1))
        if size <= left:
            left -= size
            found.append((view, top, size))
    return found


def _top(grid: Sequence[int]) -> int:
    """How many channels are sent of a layer with this grid."""
    return min(CHANNELS, max(FEWEST_CHANNELS, CHANNEL_BYTES // (2 * math.prod(grid))))


def trait(generation: int, views: Iterable[tuple[View, Channels]], above: int = HALF_ABOVE) -> dict[str, Any]:
    """The ``channels`` trait. ``above``: as of ``wire.packed``."""
    return {"image": generation, "views": [_entry(view, found, above) for view, found in views]}


def _entry(view: View, found: Channels, above: int) -> dict[str, Any]:
    contributions = to_numpy(found.contributions)
    maps = found.weight_maps
    return {
        **asdict(view),
        "grid": list(contributions.shape[1:]),
        "count": len(found.weights),
        "per_cell": found.per_cell,
        "rectifiers": found.rectifiers,
        "value": _finite(found.value),
        "total": _finite(found.total),
        "strongest": found.strongest.tolist(),
        "weights": _floats(found.weights[found.strongest]),
        "plain": None if found.plain is None else _floats(found.plain[found.strongest]),
        "sums": _floats(found.sums[found.strongest]),
        **wire.packed(contributions, above),
        "activations": _thumbnails(found.activations),
        "weight_maps": None if maps is None else _thumbnails(maps),
    }


def _floats(values: Tensor) -> bytes:
    return wire.floats(to_numpy(values))


def _thumbnails(maps: Tensor) -> list[dict[str, Any]]:
    return [wire.thumbnail(map_) for map_ in to_numpy(maps)]


def _finite(value: float) -> float | None:
    """A number as JSON has it."""
    return value if math.isfinite(value) else None
