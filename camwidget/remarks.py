"""What must be known of a map beside the map itself: of one class's, and of all at a layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from .answers import View
from .atlas import Atlas, Map
from .engine import VARIANTS
from .engine.why import Reason, against_itself, of_all_classes


def of_map(atlas: Atlas, names: Sequence[str], view: View, signed: Map) -> Reason | None:
    """Why the map of a view is blank, or what else is to be said of it.

    Raises: as ``Recording.why``.
    """
    aim, name = atlas.aim, names[view.target] if view.target < len(names) else None
    if aim.against == view.target and VARIANTS[view.variant].per_class:
        return against_itself(name or f"class {view.target}", not signed.any())
    words = "" if name is None or aim.plain else aim.words(view.target, names, atlas.recording)
    name = f"{name} ({words})" if words else name
    return atlas.recording.why(aim.target(view.target), view.layer, view.variant, name=name, signed=signed)


def of_layer(atlas: Atlas, view: View) -> str | None:
    """What must be known of all classes' maps at the layer and variant of a view."""
    recording, variant = atlas.recording, VARIANTS[view.variant]
    rectifiers = partial(recording.rectifiers_above, view.layer)
    reason = of_all_classes(variant, view.layer, rectifiers, recording.left_out)
    if reason is None and variant.needs == "second derivatives" and _is_gradcam(atlas, view):
        return f"No curvature between {view.layer} and the scores: {variant.name} is plain Grad-CAM here."
    return None if reason is None else reason.text


def _is_gradcam(atlas: Atlas, view: View) -> bool:
    other, plain = (atlas.map(view.layer, variant, view.target) for variant in (view.variant, "gradcam"))
    return np.array_equal(other, plain)
