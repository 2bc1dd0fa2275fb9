"""What a host shows: the widget of one picture, or a gallery of many. The kernel imports it."""

from __future__ import annotations

from typing import Any

import beacons
import slowly
from PIL import Image

from camwidget import CamGallery, CamWidget

COUNT = 30
TRUE = ("red", "green", "blue")
"""Of every item one of these is the true class, in turn."""


def picture(index: int) -> Image.Image:
    """The discs on a ground of one colour, another for each item; they stand out the less, the later it is."""
    shades = [(200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 200, 60), (60, 200, 200)]
    ground = Image.new("RGB", (beacons.WIDTH, beacons.HEIGHT), shades[index % len(shades)])
    return Image.blend(beacons.picture(), ground, 0.1 + 0.8 * index / COUNT)


def gallery(model: slowly.Slowly) -> CamGallery:
    """Items that are told apart, right ones and mistakes among them."""
    truth = [TRUE[i % len(TRUE)] for i in range(COUNT)]
    return CamGallery(model, [picture(i) for i in range(COUNT)], slowly.LABELS, truth, beacons.read)


def shown(spy: Any) -> CamWidget | CamGallery:
    """A new one of the kind that is wanted, in place of the one before."""
    model = slowly.Slowly()
    made = gallery(model) if spy.kind == "gallery" else slowly.widget(model)
    spy.watch(made, model)
    return made
