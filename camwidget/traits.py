"""The traits of the widget: what is synced with the browser, see ``protocol.py``; and the front end that reads them."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from .protocol import INTERPOLATIONS, OPACITY, SCALES, SHADINGS, SIGNS

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
    """Declarations only; ``CamWidget`` checks, observes and fills them."""

    _esm = traitlets.Unicode().tag(sync=True)

    picture = traitlets.Bytes().tag(sync=True)
    meta = traitlets.Dict().tag(sync=True)
    classes = traitlets.Dict().tag(sync=True)
    listed = traitlets.List(traitlets.Int()).tag(sync=True)
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    variants = traitlets.List(traitlets.Dict()).tag(sync=True)
    stack = traitlets.Dict().tag(sync=True)
    strip = traitlets.Dict().tag(sync=True)
    luts = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)

    target = Checked().tag(sync=True)
    layer = Checked().tag(sync=True)
    variant = Checked("gradcam").tag(sync=True)
    colormap = Checked("viridis").tag(sync=True)
    # dragged in the browser: an echo of an older value would make the handle jump
    opacity = traitlets.Float(OPACITY, min=0, max=1).tag(sync=True, echo_update=False)
    threshold = traitlets.Float(0.0, min=0, max=1).tag(sync=True, echo_update=False)
    sign = traitlets.Enum(SIGNS, "positive").tag(sync=True)
    # not "style" nor "layout": those names belong to ipywidgets, whose views take them for widgets
    shading = traitlets.Enum(SHADINGS, "smooth").tag(sync=True)
    scale = traitlets.Enum(SCALES, "map").tag(sync=True)
    interpolation = traitlets.Enum(INTERPOLATIONS, "bicubic").tag(sync=True)

    # a hostile value must reach our own check, so nothing is refused by type; hosts that echo state must not send it
    # twice
    request = traitlets.Any(None, allow_none=True).tag(sync=True, echo_update=False)
