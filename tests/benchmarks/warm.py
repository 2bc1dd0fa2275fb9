"""All maps that a user may ask for next, made ahead: what the widget does in idle time."""

from __future__ import annotations

from collections.abc import Sequence

from camwidget.atlas import Atlas
from camwidget.engine.relu import RULES


def warm(atlas: Atlas, targets: Sequence[int]) -> None:
    """Every gradient variant of each class at all stages, under the three rules of the rectifiers."""
    for target in targets:
        for rule in RULES:
            atlas.foresee(target, rule)
