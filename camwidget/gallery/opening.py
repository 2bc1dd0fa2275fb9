"""The part of a gallery that opens an item as a full widget, and keeps the two alike."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import traitlets
from torch import nn

from camwidget import lifetime, wire

from . import sides
from .opened import Opened, Stand, Truths
from .protocol import UNKNOWN
from .talking import Talking

log = logging.getLogger("camwidget")

LINKED = ("layer", "variant", "opacity", "colormap", "sign")
"""What the full widget and the thumbnails have in common."""


class Opening(Talking):
    """``CamGallery`` has the model. There is one full widget: it shows whichever item was opened last."""

    _model: nn.Module
    _child_keywords: Mapping[str, Any]
    _child: Opened | None = None
    _two = False
    """Whether the network's one score stands for two classes, see ``sides``; the full widget has the second one."""
    _moving = False
    """Set while what was chosen on one side is handed on, so that it does not come back."""

    @property
    def widget(self) -> Opened | None:
        """The ``CamWidget`` of the item that was opened last; None before the first. Its ``index`` is the item."""
        return self._child if self.child else None

    @traitlets.observe("opened")
    def _opened_changed(self, change: Any) -> None:
        with self._lock:
            index = change["new"]
            if self._desk is None or self._moving or index is None or index != self.opened:
                return
            try:
                self._show(index)
            except Exception as error:  # noqa: BLE001  (whatever a file, a data set or a model may raise)
                log.warning("item %d is not opened: %s", index, error)
                text = f"{self._items.name(index)} cannot be opened: {error}"
                self.status = wire.status("error", text, "what was open stays open")
                self._quietly(opened=change["old"])

    def _open_ahead(self, index: int) -> None:
        """In marimo a widget is made while a cell runs, or not at all: so it is made with the gallery, on this item."""
        marimo = sys.modules.get("marimo")
        if marimo is not None and marimo.running_in_notebook():
            try:
                self._child = self._made(index, None)
            except Exception:  # memory may lack; the thumbnails do without
                log.exception("no item will be opened")

    def _show(self, index: int) -> None:
        called = int(self._desk.scoring.scores.predicted[index]) if self._desk is not None else UNKNOWN
        called = 0 if self._two else called
        target = None if called == UNKNOWN else called
        if self._child is None or self._child.closed:
            self._child = self._made(index, target)
        elif self._child.index != index:
            self._child.stand.on(index)  # raises here, and not on the child's thread
            self._child.show(index, target)
        if not self.child:  # made ahead, and the choice may be another by now
            for name in LINKED:
                self._hand_on(self._child, name, getattr(self, name))
        self.child = f"anywidget:{self._child.model_id}"

    def _made(self, index: int, target: int | None) -> Opened:
        desk, two = self._desk_or_raise(), self._two
        truths = Truths(lambda: sides.second(desk.scoring.scores.truth) if two else desk.scoring.scores.truth)
        look = {name: getattr(self, name) for name in LINKED}
        child = Opened(self._model, Stand(self._items), truths, index, target=target, **self._child_keywords, **look)
        child.lock_by(self._lock)
        child.observe(lifetime.weakly(self._child_moved), [*LINKED, "index"])
        return child

    def _child_moved(self, change: Mapping[str, Any]) -> None:
        name, value = change["name"], change["new"]
        if name == "index":
            if self.opened is not None:
                self._quietly(opened=value)
        elif not self._moving:
            self._hand_on(self, name, value)

    @traitlets.observe(*LINKED)
    def _linked_changed(self, change: Any) -> None:
        with self._lock:
            if self.widget is not None and not self._moving:
                self._hand_on(self.widget, change["name"], change["new"])

    def _hand_on(self, to: Any, name: str, value: Any) -> None:
        before, self._moving = self._moving, True
        try:
            setattr(to, name, value)
        except (TypeError, ValueError, RuntimeError, traitlets.TraitError):  # a slow variant, or a layer of one side
            log.info("%s %r is not handed on", name, value)
        finally:
            self._moving = before

    def _quietly(self, **values: Any) -> None:
        before, self._moving = self._moving, True
        try:
            for name, value in values.items():
                setattr(self, name, value)
        finally:
            self._moving = before
