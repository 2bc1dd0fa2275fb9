"""The part of the widget that users read from Python: maps, scores, names."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from . import scores
from .aimed import AimedTraits
from .atlas import Map
from .engine import Recording, upsample
from .engine.fields import Place
from .inputs import Subject


class Readings(AimedTraits):
    """Always of the model as it is now. ``CamWidget`` has the input and the view."""

    _subject: Subject

    @property
    def cam(self) -> Map:
        """The map on screen on its own grid, ``(h, w)`` float32 in raw units (``(l,)`` of a signal, ``(d, h, w)`` of a
        volume); ``sign`` says what is done with negative values.
        """
        signed = self._open().map(self._view())
        if self.sign == "signed":
            return signed.copy()
        return np.abs(signed) if self.sign == "absolute" else signed.clip(min=0)

    @property
    def heatmap(self) -> Map:
        """``cam`` at the size of the network's input, ``(H, W)``, ``(L,)`` or ``(D, H, W)`` float32, by
        ``interpolation`` (linear for signals and volumes), within the limits of ``cam``. Cells lie where they look, see
        ``Field``; 0 towards ends of the input where no cell is centred.
        """
        cam = self.cam
        maps, place = torch.from_numpy(cam)[None], self._place(cam)
        large: Map = upsample(maps, self._subject.input.shape[2:], self.interpolation, place)[0].numpy()
        return large

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
        return self._open().recording(self._view())
