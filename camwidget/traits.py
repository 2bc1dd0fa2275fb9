"""The traits of the widget and their gate: what is synced with the browser, see ``protocol.py``, and what is let in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anywidget
import traitlets

from . import wire
from .engine.suggest import unknown
from .protocol import (
    CONTRASTS,
    INTERPOLATIONS,
    LEVELS,
    OPACITY,
    SCALES,
    SHADINGS,
    SIGNS,
    TRAITS_OF_AIM,
    TRAITS_OF_SCENE,
    TRAITS_TWO_WAY,
)

log = logging.getLogger("camwidget")

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"sign": SIGNS, "shading": SHADINGS, "scale": SCALES, "interpolation": INTERPOLATIONS, "contrast": CONTRASTS}
)
"""Traits whose value is one of a few words; the first is the default."""

OF_THE_HOST = ("layout", "tooltip", "tabbable", "_dom_classes", "_view_count")
"""What every ipywidgets view may set."""

FROM_BROWSER = frozenset((*TRAITS_TWO_WAY, *TRAITS_OF_AIM, *TRAITS_OF_SCENE, *OF_THE_HOST))

METHODS = ("update", "request_state", "custom")
"""What a message from the browser may be."""

MOST_CLASSES, LONGEST, MOST_VIEWS = 64, 1000, 2**31
"""Of what the host sets: texts, letters of each, views."""

BUNDLE = Path(__file__).parent / "static" / "widget.js"


def bundle() -> str:
    """The front end as text: anywidget would keep every widget alive for ever if it were given a path."""
    if not BUNDLE.is_file():
        raise ImportError(
            f"the front end {BUNDLE.name} is missing: install the package (pip install .), or run `make bundle` in a "
            "checkout"
        )
    return BUNDLE.read_text(encoding="utf-8")


class Checked(traitlets.Any):
    """Any value, for the widget's own checks to judge; ``traitlets.Any`` would let None pass unchecked."""

    allow_none = False


class CamTraits(anywidget.AnyWidget):
    """Declarations, and the gate for what the browser sends; ``CamWidget`` observes and fills them."""

    _lock: AbstractContextManager[object]
    """Held around every change of state: the kernel's threads and the session's change it."""

    _esm = traitlets.Unicode().tag(sync=True)

    picture = traitlets.Bytes().tag(sync=True)
    edited = traitlets.Dict().tag(sync=True)
    bands = traitlets.List(traitlets.Dict()).tag(sync=True)
    meta = traitlets.Dict().tag(sync=True)
    classes = traitlets.Dict().tag(sync=True)
    listed = traitlets.List(traitlets.Int()).tag(sync=True)
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    variants = traitlets.List(traitlets.Dict()).tag(sync=True)
    stack = traitlets.Dict().tag(sync=True)
    strip = traitlets.Dict().tag(sync=True)
    nearby = traitlets.Dict().tag(sync=True)
    channels = traitlets.Dict().tag(sync=True)
    trust = traitlets.Dict().tag(sync=True)
    luts = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)

    target = Checked().tag(sync=True)
    layer = Checked().tag(sync=True)
    variant = Checked("gradcam").tag(sync=True)
    colormap = Checked("viridis").tag(sync=True)
    # dragged in the browser: an echo of an older value would make the handle jump
    opacity = Checked(OPACITY).tag(sync=True, echo_update=False)
    threshold = Checked(0.0).tag(sync=True, echo_update=False)
    sign = Checked(SIGNS[0]).tag(sync=True)
    # not "style" nor "layout": those names belong to ipywidgets, whose views take them for widgets
    shading = Checked(SHADINGS[0]).tag(sync=True)
    scale = Checked(SCALES[0]).tag(sync=True)
    interpolation = Checked(INTERPOLATIONS[0]).tag(sync=True)
    limit = traitlets.Any(None).tag(sync=True)
    levels = Checked(LEVELS).tag(sync=True)
    contrast = Checked(CONTRASTS[0]).tag(sync=True)
    rival = traitlets.Any(None).tag(sync=True)
    gamma = Checked(1.0).tag(sync=True, echo_update=False)

    def lock_by(self, lock: AbstractContextManager[object]) -> None:
        """Change only under this lock from now on. Widgets that change one another, from any thread, need one for all:
        with one each, two threads might wait for each other.
        """
        with self._lock:
            self._lock = lock

    def _checked(self, name: str, value: Any) -> Any:  # noqa: ARG002 (CamWidget knows what is accepted)
        """The value as the trait keeps it. Raises TypeError or ValueError that names what is accepted."""
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # a mistyped trait would otherwise be set in silence
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(unknown("trait", name, [*TRAITS_TWO_WAY, *TRAITS_OF_AIM, *TRAITS_OF_SCENE, "edits"]))
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
        if name not in FROM_BROWSER:
            self._refuse(f"{str(name)[:40]!r} cannot be set from the browser")
            return
        if name == "layout" and value == f"IPY_MODEL_{self.layout.model_id}":
            return
        try:
            # checked first: where an update fails half-way, traitlets would keep the refused value
            checked = self._checked(name, _of_the_host(name, value) if name in OF_THE_HOST else value)
            super().set_state({name: checked})
            if checked != value:  # cut to what is possible: without an echo the browser would not know
                self.send_state(name)
        except (TypeError, ValueError, traitlets.TraitError) as error:
            self._refuse(str(error))
            self.send_state(name)

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        super()._handle_custom_msg(content, buffers)
        if isinstance(content, Mapping) and content.get("type") == "request":
            self._requested(content.get("request"))

    def _requested(self, value: Any) -> None:
        """A request of the browser, see ``protocol.py``. Never raises."""

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
