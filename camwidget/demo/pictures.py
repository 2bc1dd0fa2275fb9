"""The fixed pictures of the demo: read from the package, or drawn anew by ``python -m camwidget.demo.pictures``.

They are shipped as files so that they stay the same, pixel for pixel, whatever version of Pillow or NumPy is there.
"""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from camwidget.demo.scenes import Scene, SceneObject, scene

FOLDER = Path(__file__).with_name("pictures")
SIZE = 448

_RECIPES: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "table": (117, "wood", ("star", "ring", "fish", "key", "heart")),
    "garden": (9, "grass", ("flower", "umbrella", "house", "tree", "star")),
    "beach": (1, "watercolour", ("boat", "fish", "ring", "umbrella")),
    "picnic": (4, "gingham", ("key", "spiral", "heart", "flower", "ring")),
    "night": (11, "slate", ("star", "moon", "spiral", "umbrella", "house")),
    "sail": (4, "linen", ("moon", "star", "boat", "fish")),
}
"""Name -> seed, ground and stickers."""


def names() -> tuple[str, ...]:
    """Names of the pictures, in order."""
    return tuple(_RECIPES)


def read(which: str | int = 0) -> Scene:
    """A picture by name or number, with its boxes (no masks)."""
    known = names()
    if isinstance(which, str) and which not in known:
        raise ValueError(f"no picture {which!r}: there are {', '.join(known)}")
    if not isinstance(which, str) and not -len(known) <= which < len(known):
        raise ValueError(f"no picture {which}: there are {len(known)}, from 0")
    name = which if isinstance(which, str) else known[which]
    listed = json.loads((FOLDER / "boxes.json").read_text(encoding="utf-8"))[name]
    with Image.open(FOLDER / f"{name}.jpg") as stored:
        image = stored.convert("RGB")
    x0y0x1y1 = [(thing["name"], thing["box"]) for thing in listed]
    return Scene(image, tuple(SceneObject(kind, (b[0], b[1], b[2], b[3])) for kind, b in x0y0x1y1))


def write(folder: Path = FOLDER) -> None:
    """Draw all pictures and their boxes into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    boxes = {}
    for name, (seed, ground, classes) in _RECIPES.items():
        drawn = scene(seed, classes, SIZE, ground=ground)
        drawn.image.save(folder / f"{name}.jpg", quality=88, optimize=True)
        boxes[name] = [{"name": thing.name, "box": list(thing.box)} for thing in drawn.objects]
    (folder / "boxes.json").write_text(json.dumps(boxes, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
