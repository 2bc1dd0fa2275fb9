"""The traits of the widget and their gate: what is synced with the browser, see ``protocol.py``, and what is let in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import traitlets

from .gate import OF_EVERY_VIEW, Checked, Gated
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

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"sign": SIGNS, "shading": SHADINGS, "scale": SCALES, "interpolation": INTERPOLATIONS, "contrast": CONTRASTS}
)
"""Traits whose value is one of a few words; the first is the default."""

FROM_BROWSER = frozenset((*TRAITS_TWO_WAY, *TRAITS_OF_AIM, *TRAITS_OF_SCENE, *OF_EVERY_VIEW))

STATIC = Path(__file__).parent / "static"
BUNDLE = STATIC / "widget.js"


def bundle(name: str = "widget.js") -> str:
    """A front end as text: anywidget would keep every widget alive for ever if it were given a path."""
    path = STATIC / name
    if not path.is_file():
        raise ImportError(
            f"the front end {name} is missing: install the package (pip install .), or run `make bundle` in a checkout"
        )
    return path.read_text(encoding="utf-8")


class CamTraits(Gated):
    """Declarations, and the gate for what the browser sends; ``CamWidget`` observes and fills them."""

    _settable = (*TRAITS_TWO_WAY, *TRAITS_OF_AIM, *TRAITS_OF_SCENE, "edits")
    _from_browser = FROM_BROWSER

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

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        super()._handle_custom_msg(content, buffers)
        if isinstance(content, Mapping) and content.get("type") == "request":
            self._requested(content.get("request"))

    def _requested(self, value: Any) -> None:
        """A request of the browser, see ``protocol.py``. Never raises."""
