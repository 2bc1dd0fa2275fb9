"""Pictures of every sort, good and bad, in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from camwidget import demo
from camwidget.demo import DemoNet


@pytest.fixture(scope="session")
def net() -> DemoNet:
    return demo.model()


def scene(seed: int, size: int = 96) -> NDArray[np.uint8]:
    return np.asarray(demo.scene(seed, size=size).image)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six good pictures, two of them in a folder below, and a text that is none."""
    made = tmp_path / "pictures"
    (made / "below").mkdir(parents=True)
    for i, name in enumerate(["a.png", "b.jpg", "below/c.PNG", "below/d.png", "e.webp", "f.bmp"]):
        Image.fromarray(scene(i)).save(made / name)
    (made / "notes.txt").write_text("no picture")
    return made
