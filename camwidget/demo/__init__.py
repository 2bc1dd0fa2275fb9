"""An embedded network and its pictures, so that everything runs with no download.

    net, picture = demo.model(), demo.image()
    demo.labels(), demo.preprocess()
    drawn = demo.scene(seed=7, classes=["star", "ring"])

Importing this costs nothing: torch is loaded by the first call that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from camwidget.demo.network import DemoNet, Preprocess
    from camwidget.demo.scenes import Scene, SceneObject

__all__ = [
    "DemoNet", "Preprocess", "Scene", "SceneObject", "example", "image", "images", "labels", "model", "preprocess",
    "scene",
]  # fmt: skip


def model() -> DemoNet:
    """The trained network in eval mode: (N, 3, 192, 192) -> (N, 12) logits, a sigmoid each."""
    from camwidget.demo.network import load

    return load()


def preprocess() -> Preprocess:
    """What turns a PIL picture of any size into the network's input (3, 192, 192)."""
    from camwidget.demo.network import Preprocess

    return Preprocess()


def labels() -> list[str]:
    """Names of the classes, in the order of the scores."""
    from camwidget.demo.scenes import CATEGORIES

    return list(CATEGORIES)


def images() -> tuple[str, ...]:
    """Names of the fixed pictures."""
    from camwidget.demo.pictures import names

    return names()


def image(which: str | int = 0) -> Image.Image:
    """One of the fixed pictures. Raises ValueError where there is none of this name or number, ``which``."""
    return example(which).image


def example(which: str | int = 0) -> Scene:
    """One of the fixed pictures with the classes and boxes of its objects. Raises: as ``image``, of ``which``."""
    from camwidget.demo.pictures import read

    return read(which)


def scene(seed: int = 0, classes: Sequence[str] | None = None, size: int = 384, *, ground: str | None = None) -> Scene:
    """A new scene, drawn on the fly: the picture, and its objects with boxes and masks. One seed, one scene.

    Args:
        seed: decides all that is not given.
        classes: what to draw, 1 to 6 different classes; default: two to five.
        size: of the picture's sides, in pixels. ground: what things lie on, such as "wood" or "grass".

    Raises:
        ValueError: no such class or ground, or a size too small for a scene.
    """
    from camwidget.demo.scenes import scene as draw

    return draw(seed, classes, size, ground=ground)


def __getattr__(name: str) -> Any:
    homes = {"DemoNet": "network", "Preprocess": "network", "Scene": "scenes", "SceneObject": "scenes"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"camwidget.demo.{homes[name]}"), name)
