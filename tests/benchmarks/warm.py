"""All maps that a user may ask for next, made ahead: what the widget does in idle time."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from camwidget import VARIANTS
from camwidget.engine import Recording
from camwidget.engine.relu import RULES


def warm(recording: Recording, targets: Sequence[int]) -> list[Tensor]:
    """Every gradient variant of each class at all stages, under each rule of the rectifiers."""
    functions = dict.fromkeys(variant.function for variant in VARIANTS.values())
    return [
        function(recording.activations(stage), gradients)
        for target in targets
        for rule in RULES
        for stage, gradients in recording.gradients(target, rule=rule).items()
        for function in functions
    ]
