"""The gate of our widgets: what a browser may set, each value checked; what it may not is refused, and said."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import anywidget
import traitlets

from . import wire
from .engine.suggest import unknown

log = logging.getLogger("camwidget")

OF_EVERY_VIEW = ("layout", "tooltip", "tabbable", "_dom_classes", "_view_count")
"""What every ipywidgets view may set."""


class Checked(traitlets.Any):
    """Any value, for the widget's own checks to judge; ``traitlets.Any`` would let None pass unchecked."""

    allow_none = False


class Gated(anywidget.AnyWidget):
    """A widget that trusts no message."""

    _settable: ClassVar[tuple[str, ...]] = ()
    """What users set; a mistyped name is told the nearest of these."""
    _from_browser: ClassVar[frozenset[str]] = frozenset(OF_EVERY_VIEW)

    _lock: AbstractContextManager[object]
    """Held around every change of state: the kernel's threads and the session's change it."""

    _esm = traitlets.Unicode().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)

    def _checked(self, name: str, value: Any) -> Any:  # noqa: ARG002 (each widget knows what is accepted)
        """The value as the trait keeps it. Raises TypeError or ValueError that names what is accepted."""
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # a mistyped trait would otherwise be set in silence
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(unknown("trait", name, self._settable))
        super().__setattr__(name, value)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """State from the browser: only what it may set, each value checked; a refused one is put back there and
        said.
        """
        # ipywidgets swaps notify_change meanwhile, which the session's thread must not meet half-way
        with self._lock:
            for name, value in dict(sync_data).items():
                self._let_in(name, value)

    def _let_in(self, name: str, value: Any) -> None:
        if name not in self._from_browser:
            self._refuse(f"{str(name)[:40]!r} cannot be set from the browser")
            return
        try:
            # checked first: where an update fails half-way, traitlets would keep the refused value
            checked = self._checked(name, value)
            super().set_state({name: checked})
            if checked != value:  # cut to what is possible: without an echo the browser would not know
                self.send_state(name)
        except (TypeError, ValueError, traitlets.TraitError) as error:
            self._refuse(str(error))
            self.send_state(name)

    def _refuse(self, text: str) -> None:
        log.warning("refused from the browser: %s", text)
        self.status = wire.status("error", text)

    def _handle_msg(self, msg: Any) -> None:
        try:
            super()._handle_msg(msg)
        except Exception as error:  # exceptions in comm handlers are shown nowhere else
            log.exception("message from the browser")
            self._refuse(f"{type(error).__name__}: {error}")
