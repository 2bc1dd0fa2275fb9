"""The part of the widget that users read from Python: maps, scores, names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from . import scores, trusted
from .agreement import Agreement, agreement
from .atlas import Map
from .engine import VARIANTS, Channels, Recording, upsample
from .engine.fields import Place
from .engine.variants import find_variant
from .filmed import Filmed
from .metrics.curves import STEPS
from .protocol import CHANNELS
from .trials import LAYERS


class Readings(Filmed):
    """Always of the model as it is now, and of the picture on screen. ``CamWidget`` has the input and the view."""

    _probability: str

    @property
    def cam(self) -> Map:
        """The map on screen on its own grid, ``(h, w)`` float32 in raw units (``(l,)`` of a signal, ``(d, h, w)`` of a
        volume); ``sign`` says what is done with negative values: they are cut, kept, or taken as magnitudes, with or
        without the positive ones.
        """
        return self._drawn(self._open().map(self._seen()))

    @property
    def heatmap(self) -> Map:
        """``cam`` at the size of the network's input, ``(H, W)``, ``(L,)`` or ``(D, H, W)`` float32, by
        ``interpolation`` (linear for signals and volumes), within the limits of ``cam``. Cells lie where they look, see
        ``Field``; 0 towards ends of the input where no cell is centred.
        """
        cam = self.cam
        maps, place = torch.from_numpy(cam)[None], self._place(cam)
        large: Map = upsample(maps, self._recording.x.shape[2:], self.interpolation, place)[0].numpy()
        return large

    def agreement(self, variants: Sequence[str] | None = None) -> Agreement:
        """Where several variants differ on the class and layer on screen, and how alike they are: their maps as
        ``sign`` has them, see ``Agreement``. Print it for a table.

        Args:
            variants: ids, two or more; default: all that are not slow.

        Raises:
            ValueError: unknown, fewer than two, or with maps that do not have the layer's cells.
        """
        quick = [v.id for v in VARIANTS.values() if not v.slow]
        ids = quick if variants is None else [find_variant(v).id for v in _several(variants)]
        session, view = self._open(), self._seen()
        return agreement({v: self._drawn(session.map(replace(view, variant=v))) for v in ids})

    def _drawn(self, signed: Map) -> Map:
        """A copy of a map with its negative values as ``sign`` has them."""
        match self.sign:
            case "signed":
                return signed.copy()
            case "absolute":
                return np.abs(signed)
            case "negative":
                return (-signed).clip(min=0)
        return signed.clip(min=0)

    def inside(self, top: int = CHANNELS) -> Channels:
        """What each channel of the layer adds to the map on screen, the ``top`` strongest with their maps. Print it for
        a table; see ``Channels``.

        Raises:
            ValueError: the variant is no weighted sum of channels.
        """
        return self._open().channels(self._seen(), top)

    def faithfulness(
        self, variants: Sequence[str] | None = None, steps: int = STEPS, seed: int = 0
    ) -> trusted.Faithfulness:
        """Whether the class on screen falls when the pixels go that its map points at, and comes back with them: by
        several variants, and by orders that know nothing. Print it for a table; see ``Faithfulness``. The numbers of
        the Trust panel are those of the defaults.

        Args:
            variants: ids; default: the one on screen, then all others that are not slow.
            steps: at most so many runs a curve. seed: of random orders.

        Raises:
            ValueError: an unknown variant.
        """
        session, view = self._open(), self._seen()
        quick = [v.id for v in VARIANTS.values() if not v.slow]
        given = [view.variant, *quick] if variants is None else [find_variant(v).id for v in _several(variants)]
        ids, by = list(dict.fromkeys(given)), self._probability
        return session.read(view, lambda atlas: trusted.faithfulness(atlas, view, ids, by, steps, seed))

    def sanity(self, steps: int = LAYERS, seed: int = 0) -> trusted.Sanity:
        """What becomes of the map on screen while layers are drawn at random from the top, on a twin of the model: one
        that stays as it is says nothing of what was learned. Print it for a table; see ``Sanity``.

        Args:
            steps: at most so many, with equal numbers of modules between them. seed: of the new weights.

        Raises:
            ValueError: the model has no parameters.
        """
        session, view = self._open(), self._seen()
        return session.read(view, lambda atlas: trusted.sanity(atlas, view, steps, seed))

    @property
    def signed(self) -> bool:
        """Whether evidence against the class is shown too: short for ``sign == "signed"``; may be assigned."""
        return bool(self.sign == "signed")

    @signed.setter
    def signed(self, value: bool) -> None:
        self.sign = "signed" if value else "positive"

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """``(K,)`` float32, as the model gave them; of a segmentation the mean over all pixels."""
        return self._now().scores[0].cpu().numpy().copy()

    @property
    def probabilities(self) -> npt.NDArray[np.float32]:
        """``(K,)`` float32, see ``probability``; of a segmentation each class's share of the picture."""
        return scores.probabilities(self._now(), self._probability).cpu().numpy().copy()

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the K classes."""
        return self._names

    def _place(self, cam: Map) -> Place | None:
        """Where the cells of the map on screen are centred; None: spread evenly, as those of a map that has the size of
        the input.
        """
        field = self._recording.fields(self.layer)
        return None if field is None or field.grid != cam.shape else field.place

    def _now(self) -> Recording:
        """The recording of the model as it is now."""
        return self._open().recording(self._seen())


def _several(variants: Sequence[str]) -> Sequence[str]:
    # the letters of a word are a sequence, too
    return [variants] if isinstance(variants, str) else variants
