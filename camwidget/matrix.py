"""The matrix: small multiples of classes or variants over the stages. Made a row at a time, the selected one first."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from .answers import View
from .atlas import Atlas, Map
from .engine import VARIANTS
from .engine.preempt import Stop, Stopped
from .engine.stale import StaleRecordingError

log = logging.getLogger("camwidget")


def order(view: View, rows: str, listed: Sequence[int]) -> list[View]:
    """A view for each row, in the order in which they are made: of "classes" the listed ones by the variant in use, of
    "variants" the class in use by each that is not slow. At which layer they look says nothing.
    """
    if rows == "classes":
        return [replace(view, target=target) for target in dict.fromkeys([view.target, *listed])]
    quick = [v.id for v in VARIANTS.values() if not v.slow]
    return [replace(view, variant=variant) for variant in dict.fromkeys([view.variant, *quick])]


def row(atlas: Atlas, view: View, stop: Stop) -> tuple[tuple[View, Map], ...]:
    """The maps of a row, one a stage: one backward pass for all of them. Of a slow variant those that are there. A map
    that cannot be made is left out: nobody chose it.

    Raises:
        Stopped: ``stop`` said so. StaleRecordingError: the model changed.
    """
    target, variant = view.target, view.variant
    stages = list(atlas.recording.stages)
    if VARIANTS[variant].slow:
        stages = [layer for layer in stages if atlas.has(layer, variant, target)]
    elif not all(atlas.has(layer, variant, target) for layer in stages):
        atlas.prepare(target, variant, stop)
    made = []
    for layer in stages:
        try:
            made.append((replace(view, layer=layer), atlas.maps(layer, variant, [target], stop)[0]))
        except (Stopped, StaleRecordingError):
            raise
        except Exception:
            log.exception("matrix: %s at %s", view, layer)
    return tuple(made)
