"""All maps that a user may ask for next, made ahead: what the widget does in idle time."""

from __future__ import annotations

from collections.abc import Sequence

from camwidget.atlas import Atlas
from camwidget.engine.relu import RULES


def warm(atlas: Atlas, targets: Sequence[int]) -> None:
    """Every variant of the menu at all stages: six by the plain rule, Grad-CAM by the guided and by the deconv rule."""
    for target in targets:
        for rule in RULES:
            atlas.foresee(target, rule)
