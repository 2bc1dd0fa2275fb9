"""The part of the widget that sets one class against another: ``contrast``, ``rival`` and ``gamma``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import traitlets

from . import checks
from .atlas import Map
from .contrasting import Contrast
from .engine import upsample
from .protocol import CONTRAST_KEYS
from .readings import Readings


class ContrastedTraits(Readings):
    """Class A is the target, class B the rival. Where the variant is linear the browser draws the contrast from maps
    that it has; else it asks for it.
    """

    def contrast_map(self, rival: int | str | None = None, gamma: float | None = None, *, large: bool = False) -> Map:
        """The signed map of what is explained of the target less ``gamma`` times what is of the rival, in raw units:
        where the variant is linear (``VARIANTS[...].linear``), and at gamma 0, the target's map less gamma times the
        rival's.

        Args:
            rival: a class, by name or index; default: that of the trait; without one the true class, or the first other
                that is listed.
            gamma: 0 to 2; default: that of the trait.
            large: at the size of the network's input as ``heatmap`` is, instead of on the map's own grid.

        Returns: float32 ``(h, w)``, ``(l,)`` of a signal, ``(d, h, w)`` of a volume.

        Raises:
            TypeError, ValueError: no such class, a model of one class, or ``against`` is set and the variant is not
                linear.
        """
        session, view = self._open(), self._seen()
        other = self._rival() if rival is None else self._index(rival)
        if other is None:
            raise ValueError(f"this model has one class, {self._names[0]!r}: there is none to set it against")
        contrast = Contrast(other, self.gamma if gamma is None else checks.gamma("gamma", gamma))
        signed: Map = session.contrast(view, contrast)[0]
        if not large:
            return signed.copy()
        maps, place = torch.from_numpy(signed.copy())[None], self._place(signed)
        made: Map = upsample(maps, self._subject.input.shape[2:], self.interpolation, place)[0].numpy()
        return made

    def _checked(self, name: str, value: Any) -> Any:
        if name == "rival":
            return self._read_against(value)
        return checks.gamma(name, value) if name == "gamma" else super()._checked(name, value)

    @traitlets.observe("contrast", "rival")
    def _rival_changed(self, _change: Any) -> None:
        # its map then comes in every stack
        with self._lock:
            also = self._also_listed()
            if self._session is not None and any(target not in self.listed for target in also):
                self.listed = self._session.listed = [*self.listed, *also]

    def _rival(self, target: int | None = None) -> int | None:
        """Class B of a class, of the one on screen by default; as the browser has it, too (``rivalOf``)."""
        chosen = self.target if target is None else target
        for wanted in (self.rival, self._truth):
            if wanted is not None and wanted != chosen:
                return int(wanted)
        return next((other for other in self.listed if other != chosen), None)

    def _drawn_contrast(self) -> str:
        """How the screen draws one: "off", "swipe" or "difference"."""
        if self.contrast == "off" or self._rival() is None:
            return "off"
        return "difference" if self._subject.kind == "signal" else str(self.contrast)  # a signal has no left and right

    def _also_listed(self) -> list[int]:
        """The rival that was chosen, while it is in use."""
        return [] if self.contrast == "off" or self.rival is None else [self.rival]

    def _read_contrast(self, asked: Any) -> Contrast | None:
        """What a request says of a contrast, checked. Raises TypeError or ValueError."""
        if asked is None:
            return None
        if not isinstance(asked, Mapping) or set(asked) != set(CONTRAST_KEYS):
            raise ValueError(f"a contrast is a dict of {' and '.join(CONTRAST_KEYS)}")
        return Contrast(self._index(asked["rival"]), checks.gamma("gamma", asked["gamma"]))
