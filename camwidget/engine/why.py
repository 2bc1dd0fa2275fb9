"""The sentence that says why a map is blank, or what else a reader must know of it, and the way out.

The first cause that holds is said, from what makes the whole answer void to what is only good to know:

1. ``one-cell``, ``not-on-path``: there is no map at such a layer; ``against-itself``: nor anything to explain.
2. ``not-finite``: NaN or infinity, with the first place where it shows: weights, a layer's output, scores, gradients.
3. ``saturated``: a probability so near 1 (or 0) that its gradient is lost in rounding.
4. ``equal-scores``: nothing tells the classes apart.
5. Nothing of the map is positive: ``all-negative``; or all of it is zero: ``dead-layer``, ``class-token``,
   ``blocked-rule``, ``dead-above``, ``no-gradient``, ``no-positive``, ``never-meet``.
6. ``constant``: every cell has the same value.
7. Of a map that is as it should be: ``no-rectifier``, ``class-agnostic``, ``left-out``, ``training``.

A map that is as it should be costs a few comparisons of its own numbers; only a blank one is looked into, which may
take backward passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .layers import LayerInfo
from .variants import Variant

SATURATED = 1e-6
"""A probability this near 1 has no gradient left in single precision: its steps there are a tenth of this."""

EVEN = 1e-6
"""Cells that differ by less than this share of their value are equal."""

QUIET = frozenset(("training",))
"""Good to know, and no fault of the map."""

MOST_LOOKED_AT = 24
"""In so many later layers we look for the one where a gradient ends; of more, in the steps only."""

POSITIVE_ONLY = frozenset(("layercam", "gradcam++", "elementwise", "smoothgradcam++"))
"""Variants that let nothing through but positive gradients, or positive products."""


@dataclass(frozen=True)
class Reason:
    """Why a map is blank, or what must be known of it.

    Attributes:
        id: one of those in the module's docstring. text: a sentence. hint: the way out; may be empty.
    """

    id: str
    text: str
    hint: str = ""

    @property
    def quiet(self) -> bool:
        """Whether the map is as it should be."""
        return self.id in QUIET


@dataclass(frozen=True)
class Probability:
    """A probability that is explained. ``ours``: asked for by ``score="softmax"``, whose gradient is worked out without
    rounding, and is lost only where it is 0; else the model's own softmax made it.
    """

    value: float
    ours: bool


@dataclass(frozen=True)
class Case:
    """What is known of one map. What takes work is a function, and asked only of a map that is not as it should be.

    Attributes:
        name: of what is explained, in words. signed: its map ``(*grid)``, before the final ReLU.
        layer: how the layer is read. variant: by which method.
        scores: ``(K,)`` of the image. of_scores: what is explained is made of them alone.
        value: the number that is explained.
        probability: what is explained, if it is one.
        grids: the layers, in order of execution. steps: of these, the chain that every path to the scores passes.
        default: the layer that is shown first.
        rectifiers: how many lie between layer and scores.
        training: the user's model is in training mode. left_out: why the first layers are not there.
        activations: a layer's output for this image, ``(C, *grid)``; None where that is gone.
        gradients: by a rule, of several layers, ``(C, *grid)`` each.
        broken: the first tensor of the model that is not finite, by name.
    """

    name: str
    signed: npt.NDArray[np.float32]
    layer: LayerInfo
    variant: Variant
    scores: npt.NDArray[np.float32]
    of_scores: bool
    value: float
    probability: Probability | None
    grids: Sequence[str]
    steps: Sequence[str]
    default: str
    training: bool
    left_out: str
    rectifiers: Callable[[], int]
    activations: Callable[[str], Tensor | None]
    gradients: Callable[[Sequence[str], str], Mapping[str, Tensor]]
    broken: Callable[[], str | None]


def why(case: Case) -> Reason | None:
    """Why the map is blank, or what must be known of it; None where there is nothing to say."""
    low, high = float(case.signed.min()), float(case.signed.max())
    if not (np.isfinite(low) and np.isfinite(high) and np.isfinite(case.value)):
        return _not_finite(case)
    blank = high <= 0
    found = _saturated(case, nothing=low == high == 0) or _equal_scores(case)
    if found is None and blank:
        found = _all_zero(case) if low == 0 else _all_negative(case, low, high)
    if found is None and case.signed.size > 1 and high - low <= EVEN * abs(high):
        found = Reason(
            "constant",
            f"Every cell has the same value for {case.name} ({number(high)}): the map does not say where.",
            "Choose an earlier layer.",
        )
    return found or _good_to_know(case)


def number(value: float) -> str:
    """A number as the page writes it: a real minus, digits that suit its size.

    >>> number(-0.3081), number(12.34), number(-0.00002)
    ('−0.31', '12.3', '−2.0e−5')
    """
    size = abs(value)
    sign = "−" if value < 0 else ""
    if size == 0:
        return "0.00"
    if size < 0.001 or size >= 1e6:
        mantissa, power = f"{size:.1e}".split("e")
        return f"{sign}{mantissa}e{'−' if power[0] == '-' else ''}{int(power[1:])}"
    if size >= 100:
        digits = 0
    elif size >= 10:
        digits = 1
    else:
        digits = 2 if size >= 0.095 else 1 - int(np.floor(np.log10(size)))
    return f"{sign}{size:.{digits}f}"


# ------------------------------------------------------------------ no numbers


def _not_finite(case: Case) -> Reason:
    """Which is first of what is not finite."""
    broken = case.broken()
    if broken is not None:
        return Reason(
            "not-finite",
            f"No map: the model's {broken} holds NaN or infinity.",
            "Load sound weights; in training, look for the step that broke them.",
        )
    for layer in case.grids:
        output = case.activations(layer)
        if output is not None and not bool(torch.isfinite(output).all()):
            return Reason(
                "not-finite",
                f"No map: the output of {layer} is the first that holds NaN or infinity.",
                f"Look at what {layer} computes; half precision overflows at 65504, and bfloat16 does not.",
            )
    if not np.isfinite(case.scores).all() or not np.isfinite(case.value):
        return Reason(
            "not-finite",
            f"No map: the score of {case.name} is not a finite number, though every layer's output is.",
            "Look at what the head computes after the last layer.",
        )
    return Reason(
        "not-finite",
        f"No map: the scores are finite, but their gradients overflow on the way back to {case.layer.name}.",
        "Run the model in float32 or bfloat16, or choose a later layer.",
    )


# ------------------------------------------------------------------ what is explained


def _saturated(case: Case, *, nothing: bool) -> Reason | None:
    """A gradient that is there is good enough where the probability is small: it is rounded as a share of itself."""
    if case.probability is None:
        return None
    p, ours = case.probability.value, case.probability.ours
    if not (1 - p <= SATURATED and (nothing or not ours)) and not (p <= SATURATED and nothing):
        return None
    side = "1" if p > 0.5 else "0"
    return Reason(
        "saturated",
        f"The probability of {case.name} is {side} to {SATURATED:g}: its gradient is lost in rounding.",
        "Explain the logits, which are what the softmax is given.",
    )


def _equal_scores(case: Case) -> Reason | None:
    if not case.of_scores or case.scores.size < 2 or case.scores.min() != case.scores.max():
        return None
    return Reason(
        "equal-scores",
        f"All {case.scores.size} scores are equal ({number(float(case.scores[0]))}): nothing tells the classes apart.",
        "Is the head trained? Load its weights.",
    )


# ------------------------------------------------------------------ nothing to paint


def _all_negative(case: Case, low: float, high: float) -> Reason:
    values = "negative" if high < 0 else "zero or negative"
    return Reason(
        "all-negative",
        f"Blank map: every weighted value for {case.name} is {values} ({number(low)} to {number(high)}).",
        "Show signed.",
    )


def _all_zero(case: Case) -> Reason:
    layer, name = case.layer.name, case.name
    if _zero(case.activations(layer)):
        return Reason(
            "dead-layer", f"Blank map: every output of {layer} is zero for this input.", "Choose an earlier layer."
        )
    if case.variant.needs in ("gradients", "second derivatives"):
        if _zero(case.gradients([layer], "standard")[layer]):
            return _no_gradient(case)
        rule = case.variant.rule
        if rule != "standard" and _zero(case.gradients([layer], rule)[layer]):
            text = f"Blank map: {case.variant.name} lets no gradient for {name} through to {layer}."
            return Reason("blocked-rule", text, "Try Grad-CAM.")
        if case.variant.id in POSITIVE_ONLY:
            text = f"Blank map: nothing at {layer} is positive for {name}, and {case.variant.name} counts only that."
            return Reason("no-positive", text, "Try Grad-CAM, signed.")
    return Reason(
        "never-meet",
        f"Blank map: every value for {name} is zero: what {layer} finds and what the score wants never meet in a cell.",
        "Try another variant or layer.",
    )


def _no_gradient(case: Case) -> Reason:
    """Where on the way from the score the gradient ends."""
    layer, name = case.layer.name, case.name
    after = case.grids[case.grids.index(layer) + 1 :]
    if len(after) > MOST_LOOKED_AT:  # their gradients take memory
        after = [other for other in after if other in case.steps]
    listed = list(dict.fromkeys([case.default, *after]))
    found = case.gradients(listed, "standard")
    if case.layer.kind == "tokens" and case.layer.prefix and not _zero(found[case.default]):
        return Reason(
            "class-token",
            f"Blank map: after {layer} the score reads the class token only, so no patch can change it any more.",
            f"Choose {case.default} or an earlier layer.",
        )
    reached = next((other for other in after if not _zero(found[other])), None)
    if reached is not None and _off(case.activations(reached), found[reached]):
        return Reason(
            "dead-above",
            f"Blank map: all units of {reached} that the score of {name} reads are off, so nothing before them counts.",
            "Deconv ReLU passes gradients through units that are off.",
        )
    return Reason(
        "no-gradient",
        f"Blank map: the score of {name} does not change with anything {layer} sees.",
        f"Choose {reached}, where it does." if reached else "Choose another class or layer.",
    )


def _zero(values: Tensor | None) -> bool:
    return values is not None and not bool(values.any())


def _off(activations: Tensor | None, gradients: Tensor) -> bool:
    """Whether the units with a gradient are all zero, as a rectifier makes them."""
    return activations is not None and not bool(activations[gradients != 0].any())


# ------------------------------------------------------------------ good to know


def _good_to_know(case: Case) -> Reason | None:
    reason = of_all_classes(case.variant, case.layer.name, case.rectifiers, case.left_out)
    if reason is None and case.training:
        return Reason("training", "The model is in training mode; maps are made in evaluation mode.")
    return reason


def of_all_classes(variant: Variant, layer: str, rectifiers: Callable[[], int], left_out: str) -> Reason | None:
    """What must be known of a layer's maps by a variant, whatever the class."""
    if variant.rule != "standard" and not rectifiers():
        text = f"No rectifier between {layer} and the scores: {variant.name} is plain Grad-CAM here."
        return Reason("no-rectifier", text)
    if not variant.per_class:
        text = f"{variant.name} asks no score: its map is the same for every class."
        return Reason("class-agnostic", text, "Choose another variant to compare classes.")
    return Reason("left-out", left_out) if left_out else None


def against_itself(name: str, blank: bool = True) -> Reason:
    """What is to be said of a class that is seen against itself; a method that asks for shares of the score may have a
    map of it all the same.
    """
    text = f"{name} against itself leaves nothing"
    text = f"Blank map: {text}." if blank else f"{text}: this map is no evidence for it."
    return Reason("against-itself", text, "Choose another class.")


def one_cell(layer: str, default: str) -> Reason:
    """A layer whose output is pooled to a single cell."""
    return Reason("one-cell", f"Layer {layer!r} gives a 1×1 map, which has no where.", f"Choose {default!r}.")


def not_on_path(text: str, default: str) -> Reason:
    """A layer that what is explained does not depend on, in the words of the error that says so."""
    sentence, _, way_out = text.partition("; accepted: ")
    return Reason(
        "not-on-path",
        f"{sentence[0].upper()}{sentence[1:]}.",
        f"Choose {way_out or repr(default)}.",
    )
