"""The gate of our widgets: what a browser may set, each value checked; what it may not is refused, and said."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import traitlets

from . import wire
from .closing import Closing
from .engine.suggest import unknown

log = logging.getLogger("camwidget")

OF_EVERY_VIEW = ("layout", "tooltip", "tabbable", "_dom_classes", "_view_count")
"""What every ipywidgets view may set."""

METHODS = ("update", "request_state", "custom")
"""What a message from the browser may be."""

MOST_CLASSES, LONGEST, MOST_VIEWS = 64, 1000, 2**31
"""Of what the host sets: texts, letters of each, views."""


class Checked(traitlets.Any):
    """Any value, for the widget's own checks to judge; ``traitlets.Any`` would let None pass unchecked."""

    allow_none = False


class Gated(Closing):
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

    def _validated(self, name: str, value: Any) -> Any:
        """The same, for traitlets: of several values that are set together it takes back all, but only where the error
        is its own.
        """
        try:
            return self._checked(name, value)
        except (TypeError, ValueError) as error:
            if self._cross_validation_lock:  # within hold_trait_notifications
                raise traitlets.TraitError(str(error)) from error
            raise

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
        if name == "layout" and value == f"IPY_MODEL_{self.layout.model_id}":
            return
        try:
            # checked first: where an update fails half-way, traitlets would keep the refused value
            checked = self._checked(name, _of_the_host(name, value) if name in OF_EVERY_VIEW else value)
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
        content = msg["content"]  # a mapping, whatever a browser sends: the kernel found the widget by it
        data = content.get("data")
        problem = _problem(data)
        if problem is not None:
            self._refuse(problem)
            return
        try:
            # nothing that a browser may set is binary
            super()._handle_msg({**msg, "content": {**content, "data": {**data, "buffer_paths": []}}})
        except Exception as error:  # exceptions in comm handlers are shown nowhere else
            log.exception("message from the browser")
            self._refuse(f"{type(error).__name__}: {error}")


def _problem(data: Any) -> str | None:
    """What is wrong with the form of a message from the browser: ipywidgets would trip over it, and say so in the
    notebook.
    """
    if not isinstance(data, Mapping) or data.get("method") not in METHODS:
        return f"a message from the browser has a method, one of {', '.join(METHODS)}"
    if data["method"] == "update" and not isinstance(data.get("state"), Mapping):
        return "an update from the browser has a state, names with values"
    return None


def _of_the_host(name: str, value: Any) -> Any:
    """What a host's view says of itself, in bounds: it is kept, and sent to every page. Raises ValueError."""
    if name == "layout":
        raise ValueError("a layout is changed, and not replaced, from the browser")
    texts = value if isinstance(value, (list, tuple)) else [value]
    if len(texts) > MOST_CLASSES or any(isinstance(text, str) and len(text) > LONGEST for text in texts):
        raise ValueError(f"{name} is too long; accepted: {MOST_CLASSES} texts of {LONGEST} letters at most")
    if name == "_view_count" and value is not None and not (type(value) is int and 0 <= value < MOST_VIEWS):
        raise ValueError(f"{name} is {value!r:.40}; accepted: a count")
    return value
