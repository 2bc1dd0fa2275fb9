"""The traits of a gallery, see ``protocol.py``, and what is let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from camwidget import colormaps
from camwidget.checks import one_of, share
from camwidget.engine import VARIANTS
from camwidget.engine.suggest import unknown
from camwidget.engine.variants import find_variant
from camwidget.gate import OF_EVERY_VIEW, Checked, Gated
from camwidget.protocol import OPACITY, SIGNS

from .asked import read_filter, read_item, read_selection
from .protocol import CHOICES, ORDERS, SHOWS, TRAITS_TWO_WAY


class GalleryTraits(Gated):
    """Declarations and checks; ``CamGallery`` has the items and the worker."""

    _settable = TRAITS_TWO_WAY
    _from_browser = frozenset((*TRAITS_TWO_WAY, *OF_EVERY_VIEW))

    _count: int
    _names: tuple[str, ...]
    _layer_names: tuple[str, ...]

    count = traitlets.Int().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    known = traitlets.Bool(False).tag(sync=True)
    names_of_items = traitlets.List(traitlets.Unicode()).tag(sync=True)
    scored = traitlets.Int(0).tag(sync=True)
    generation = traitlets.Int(1).tag(sync=True)
    meta = traitlets.Dict().tag(sync=True)
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    variants = traitlets.List(traitlets.Dict()).tag(sync=True)
    luts = traitlets.Dict().tag(sync=True)
    child = traitlets.Unicode("").tag(sync=True)
    kept = traitlets.Dict().tag(sync=True)

    order = Checked(ORDERS[0]).tag(sync=True)
    descending = Checked(True).tag(sync=True)
    filter = Checked().tag(sync=True)
    selection = Checked().tag(sync=True)
    opened = traitlets.Any(None).tag(sync=True)
    layer = Checked().tag(sync=True)
    variant = Checked("gradcam").tag(sync=True)
    shows = Checked(SHOWS[0]).tag(sync=True)
    # dragged in the browser: an echo of an older value would make the handle jump
    opacity = Checked(OPACITY).tag(sync=True, echo_update=False)
    sign = Checked(SIGNS[0]).tag(sync=True)
    colormap = Checked("viridis").tag(sync=True)

    @traitlets.default("filter")
    def _no_filter(self) -> dict[str, Any]:
        return {"truth": None, "predicted": None, "mistakes": False}

    @traitlets.default("selection")
    def _no_selection(self) -> list[int]:
        return []

    @traitlets.validate(*TRAITS_TWO_WAY)
    def _check(self, proposal: Mapping[str, Any]) -> Any:
        return self._validated(proposal["trait"].name, proposal["value"])

    def _checked(self, name: str, value: Any) -> Any:
        """The value as the trait keeps it. Raises TypeError or ValueError that names what is accepted."""
        match name:
            case "descending":
                if not isinstance(value, bool):
                    raise TypeError(f"descending is {value!r:.80}; accepted: True or False")
            case "filter":
                value = read_filter(value, self._names)
            case "selection":
                value = read_selection(value, self._count)
            case "opened":
                value = None if value is None else read_item(value, self._count)
            case "layer":
                if not isinstance(value, str) or value not in self._layer_names:
                    raise ValueError(unknown("layer", value, self._layer_names))
            case "variant":
                value = read_variant(value)
            case "opacity":
                value = share(name, value)
            case "colormap":
                colormaps.lut(value)
            case _ if name in CHOICES:
                value = one_of(name, value, CHOICES[name])
        return value

    @traitlets.observe("colormap")
    def _colormap_changed(self, change: Any) -> None:
        if change["new"] not in self.luts:
            self.luts = colormaps.luts(change["new"])


def read_variant(value: Any) -> str:
    """The id of a variant.

    Raises:
        ValueError: there is no such variant, or it is slow.
    """
    found = find_variant(value)
    if found.slow:
        quick = ", ".join(v.id for v in VARIANTS.values() if not v.slow)
        raise ValueError(
            f"variant {found.id!r} takes seconds an item, and a gallery shows many; accepted: {quick}. The full widget "
            "of an item has all variants"
        )
    return found.id
