"""What may be asked next: in which order it is made ready, and what of it is sent unasked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .answers import View
from .atlas import Atlas, Map
from .engine import VARIANTS, Recording

NEARBY_BYTES = 32 * 2**10
"""Maps are sent unasked up to this size, in float16, for each view that is chosen."""


def order(view: View, listed: Sequence[int], recording: Recording) -> Iterator[tuple[int, str]]:
    """(target, rule) whose maps at all stages are worth making, the likeliest first: the selected class, then the
    listed ones; by the rule in use, then by the others.
    """
    rules = list(dict.fromkeys([VARIANTS[view.variant].rule, *(v.rule for v in VARIANTS.values())]))
    if not recording.rectifiers_above(recording.stages[0]):
        rules = ["standard"]  # the others are the same, and as quick as this one when they are asked
    targets = list(dict.fromkeys([view.target, *listed]))
    for rule in rules:
        for target in targets:
            yield target, rule


def nearby(view: View, atlas: Atlas) -> Iterator[tuple[View, Map]]:
    """The selected class at the neighbouring stages, by the other variants that are ready, and at the other stages;
    the smaller maps of those that do not fit. Of a variant that is not made ahead, nothing at other stages.
    """
    stages = list(atlas.recording.stages)
    here = stages.index(view.layer) if view.layer in stages else len(stages)
    if not VARIANTS[view.variant].ahead:
        stages = []
    by_distance = sorted((layer for layer in stages if layer != view.layer), key=lambda s: abs(stages.index(s) - here))
    rule = VARIANTS[view.variant].rule
    variants = [v.id for v in VARIANTS.values() if v.id != view.variant and v.rule == rule and v.ahead]
    neighbours = [View(view.target, layer, view.variant) for layer in by_distance]
    siblings = [View(view.target, view.layer, variant) for variant in variants if view.layer in atlas.recording.stages]
    left = NEARBY_BYTES
    for other in [*neighbours[:2], *siblings, *neighbours[2:]]:
        map_ = atlas.map(other.layer, other.variant, other.target)
        if map_.size * 2 <= left:
            left -= map_.size * 2
            yield other, map_
