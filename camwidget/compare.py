"""Several models, or one before and after training, on one picture, side by side and linked."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import ipywidgets
import traitlets
from torch import nn

from . import lifetime
from .engine.forks import Lock
from .engine.suggest import unknown
from .protocol import TRAITS_OF_AIM, TRAITS_TWO_WAY
from .text import line
from .widget import CamWidget

log = logging.getLogger("camwidget")

NOTE = "Linked: pointer, class, layer, variant, display and strokes. Each map is on its own colour scale."

LEAST_WIDTH = 400
"""CSS pixels: with less room, the widgets stand below one another."""


class Comparison(ipywidgets.VBox):
    """A ``CamWidget`` for each of several models, all on one picture.

    What is chosen in one is chosen in all: class, layer, variant, what of a class is explained, how maps are drawn, and
    what is painted over the picture.
    The cell under the pointer is read in all, without the kernel. A class is found by its name; a layer too, else by
    its depth among the stages. Each map is on its own colour scale.

    Args:
        models: by the names that they are shown under, at least one.
        image, keywords: as of ``CamWidget``; ``layer`` is one of the first model's.

    Attributes:
        members: the widgets by their names; ``comparison["epoch 1"]`` is one of them.

    Raises:
        TypeError, ValueError: as ``CamWidget``; or ``models`` is no dict of models.

    Example:
        >>> CamWidget.compare({"epoch 1": early, "epoch 20": late}, "photo.jpg")
    """

    def __init__(self, models: Mapping[str, nn.Module], image: Any, **keywords: Any) -> None:
        self.members: dict[str, CamWidget] = {}
        if not isinstance(models, Mapping) or not models:
            raise TypeError(f'models is {str(models)[:60]}; accepted: a dict such as {{"before": a, "after": b}}')
        if isinstance(image, (list, tuple)) and len(image) > 1:
            raise ValueError(f"models are compared on one picture, and {len(image)} were given: give one of them")
        # set while what was chosen in one is handed on, so that it does not come back
        self._moving, self._held = False, Lock()
        try:
            for name, model in models.items():
                self.members[str(name)] = CamWidget(model, image, **keywords)
                keywords.pop("layer", None)
        except BaseException:
            self._close_widgets()
            raise
        self._link()
        with lifetime.birth(self):
            super().__init__([ipywidgets.Label(NOTE), ipywidgets.Box(self._columns(), layout=_grid())])

    def __getitem__(self, name: str) -> CamWidget:
        if name not in self.members:
            raise KeyError(unknown("model", name, self.members))
        return self.members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __enter__(self) -> Comparison:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def refresh(self) -> None:
        """Look at all models again, see ``CamWidget.refresh``."""
        for widget in self.members.values():
            widget.refresh()

    def close(self) -> None:
        """End all views and let go of all models. Safe to call twice."""
        self._close_widgets()
        super().close()

    def _close_widgets(self) -> None:
        for widget in self.members.values():
            widget.close()

    def _columns(self) -> list[ipywidgets.Widget]:
        return [
            ipywidgets.VBox([ipywidgets.Label(line(name), style={"font_weight": "bold"}), widget])
            for name, widget in self.members.items()
        ]

    def _link(self) -> None:
        group = uuid4().hex
        first, *others = self.members.values()
        for name, widget in self.members.items():
            # the status line names it, too
            widget.meta = {**widget.meta, "model": line(name), "group": group}
            widget.lock_by(self._held)
        for other in others:
            for trait in ("target", "layer"):
                _hand_on(trait, first, other)
        for widget in self.members.values():
            widget.observe(lifetime.weakly(self._chosen), [*TRAITS_TWO_WAY, *TRAITS_OF_AIM, "edits"])

    def _chosen(self, change: Mapping[str, Any]) -> None:
        with self._held:
            if self._moving:
                return
            self._moving = True
            try:
                for widget in self.members.values():
                    if widget is not change["owner"]:
                        _hand_on(change["name"], change["owner"], widget)
            finally:
                self._moving = False


def _grid() -> ipywidgets.Layout:
    return ipywidgets.Layout(
        display="grid", grid_template_columns=f"repeat(auto-fit, minmax({LEAST_WIDTH}px, 1fr))", grid_gap="12px"
    )


def _hand_on(trait: str, source: CamWidget, target: CamWidget) -> None:
    """Choose in one widget what is chosen in another, as far as it is there."""
    value = getattr(source, trait)
    if trait in ("target", "against"):
        value = class_there(value, source.labels, target.labels)
        if value is None and trait == "target":
            return
    if trait == "edits" and source.meta["input"] != target.meta["input"]:
        return  # its places are pixels of the input
    try:
        try:
            setattr(target, trait, value)
        except ValueError:
            if trait != "layer":
                raise
            target.layer = layer_there(value, source.layers, target.layers)
    except (TypeError, ValueError, RuntimeError, traitlets.TraitError):  # it was closed, or its model has no such thing
        log.warning("%s %r is not handed on", trait, value, exc_info=True)


def class_there(index: int | None, here: tuple[str, ...], there: tuple[str, ...]) -> int | None:
    """The class of the same name in another model; None where it has none."""
    if index is None or here == there:
        return index
    return there.index(here[index]) if here[index] in there else None


def layer_there(name: str, here: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]]) -> str:
    """The stage of another model that is as far along its stages as ``name``, or the first stage after it, is along
    those of its own model. ``here`` and ``there`` are ``layers`` traits.
    """
    names = [layer["name"] for layer in here]
    own, other = ([layer["name"] for layer in layers if layer["stage"]] for layers in (here, there))
    after = [stage for stage in own if name in names and names.index(stage) >= names.index(name)]
    depth = own.index(after[0]) if after else len(own) - 1
    found: str = other[round(depth * (len(other) - 1) / max(1, len(own) - 1))]
    return found
