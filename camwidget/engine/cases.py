"""What ``why`` wants to know of one map, out of a recording: at hand where it is, else asked for when it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .returned import Aim, UnconnectedError
from .targets import Target
from .variants import Variant
from .why import Case, Probability, Reason, not_on_path, one_cell, why

if TYPE_CHECKING:
    from .recording import Recording

Map = npt.NDArray[np.float32]


def why_of(
    recording: Recording,
    target: Aim,
    layer: str | None,
    variant: Variant,
    signed: Map | None,
    image: int,
    name: str | None,
) -> Reason | None:
    """See ``Recording.why``."""
    aim, layout, default = recording.resolve_target(target), recording._layout, recording.default_layer
    n = len(recording.x)
    if not -n <= image < n:
        raise ValueError(f"image is {image}, and the batch has {n}; accepted: 0 to {n - 1}")
    if layer in layout.one_cell and layer not in layout.aliases:
        return one_cell(str(layer), default)
    if layer in layout.off_path:
        return not_on_path(f"The scores do not depend on layer {layer!r}", default)
    place = recording.resolve(layer)
    if signed is None:
        try:
            signed = recording.cams([aim], place, variant.id)[image, 0].cpu().numpy()
        except UnconnectedError as error:
            return not_on_path(str(error), default)
    return why(case_of(recording, aim, place, variant, signed, image, name))


def case_of(
    recording: Recording, aim: Target, layer: str, variant: Variant, signed: Map, image: int, name: str | None
) -> Case:
    """The case of one image's signed map ``(*grid)``.

    Args:
        name: of what is explained, in words; default: "class 7", or what a ``Target`` calls itself.
    """
    scores = recording._shelf.get("scores", lambda: recording.scores.cpu().numpy(), lambda a: a.nbytes)[image]
    index = aim.classes[image] if isinstance(aim.classes, tuple) else None
    plain = isinstance(index, int) and not aim.against and aim.region is None

    def activations(other: str) -> Tensor | None:
        known = recording._activations.get(other)
        kept = recording._tape.value(other) if known is None else None
        if kept is not None:
            known = recording.layers[other].channels_first(kept)
        return None if known is None else known[image]

    def gradients(others: Sequence[str], rule: str) -> Mapping[str, Tensor]:
        found = recording._gradients_at(aim, list(others), rule, None)
        return {other: g[image] for other, g in found.items()}

    return Case(
        name=name or (f"class {index}" if plain else str(aim)),
        signed=signed,
        layer=recording.layers[layer],
        variant=variant,
        scores=scores,
        of_scores=aim.function is None,  # a callable may look at something else
        value=float(scores[index]) if isinstance(index, int) else 0.0,
        probability=_probability(recording, aim, scores, index, image) if plain else None,
        grids=list(recording.layers),
        steps=recording.steps,
        default=recording.default_layer,
        training=recording._engine.model.training,
        left_out=recording.left_out,
        rectifiers=lambda: recording.rectifiers_above(layer),
        activations=activations,
        gradients=gradients,
        broken=lambda: _broken(recording),
    )


def _probability(
    recording: Recording, aim: Target, scores: Map, index: int | str | None, image: int
) -> Probability | None:
    if recording.output_grid or scores.size < 2 or not isinstance(index, int):
        return None
    if aim.score != "logit":
        return Probability(float(recording.shares()[image, index]), ours=True)
    probable = scores.min() >= 0 and abs(float(scores.sum(dtype=np.float64)) - 1) <= 1e-3
    return Probability(float(scores[index]), ours=False) if probable else None


def _broken(recording: Recording) -> str | None:
    """The first parameter or buffer that is not finite."""
    model = recording._engine.model
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return name
    return None
