"""The Python of README.md runs as it stands, with small networks and pictures for the names that a reader has.

Each block is run statement by statement, and a block may use what those above it made.
"""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from camwidget import CamEngine, CamGallery, CamWidget
from camwidget.compare import Comparison

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

SIDE = 16
NAMES = [{281: "tabby", 282: "tiger cat"}.get(index, f"class {index}") for index in range(1000)]


class Staged(nn.Module):
    """`layer1` to `layer4` and a pooled head of 1000 classes, as ResNet has them; `table` may move its scores."""

    def __init__(self) -> None:
        super().__init__()
        for number, (into, out) in enumerate(((3, 4), (4, 6), (6, 8), (8, 10)), 1):
            convolution = nn.Conv2d(into, out, 3, stride=1 if number == 1 else 2, padding=1)
            self.add_module(f"layer{number}", nn.Sequential(convolution, nn.ReLU()))
        self.fc = nn.Linear(10, 1000)

    def forward(self, x: Tensor, table: float = 0) -> dict[str, Tensor]:
        embedding = self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))
        return {"logits": self.fc(embedding) + table, "embedding": embedding}


def of_convolutions(kind: type[nn.Module], pool: type[nn.Module], channels: int) -> nn.Module:
    """A small network for signals or volumes."""
    return nn.Sequential(kind(channels, 6, 3, padding=1), nn.ReLU(), pool(1), nn.Flatten(), nn.Linear(6, 3)).eval()


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a reader has: a model, pictures in a folder, a data set."""
    monkeypatch.chdir(tmp_path)
    pictures = np.random.default_rng(0).integers(0, 255, (27, SIDE, SIDE, 3), np.uint8)
    Path("photos").mkdir()
    paths = [Path("photos", f"{index:02}.png") for index in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        Image.fromarray(picture).save(path)
    Image.fromarray(pictures[0]).save("photo.jpg")
    model = Staged().eval()
    x = torch.randn(2, 3, SIDE, SIDE)
    w1, w2 = (CamWidget(model, row, labels=NAMES) for row in x)
    dense = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 21, 1))
    return {
        "model": model,
        "early": model,
        "late": Staged().eval(),
        "image": pictures[0],
        "images": x,
        "paths": paths,
        "labels": [5] * len(paths),
        "names": NAMES,
        "boxes": [(2, 2, 12, 12)] * len(x),
        "dataset": [(torch.from_numpy(picture).permute(2, 0, 1) / 255, 5) for picture in pictures],
        "x": x,
        "query": torch.randn(10),
        "table": 1.0,
        "event": Event(),
        "x0": 4,
        "y0": 4,
        "x1": 12,
        "y1": 12,
        "w": w1,
        "w1": w1,
        "w2": w2,
        "segmentation": CamEngine(dense).record(torch.randn(1, 3, 120, 320)),
        "signal": np.random.default_rng(0).standard_normal(1000),
        "wave": np.zeros(16_000),
        "log_mel": lambda wave: np.random.default_rng(0).standard_normal((40, 100)),
        "wakeword": of_convolutions(nn.Conv1d, nn.AdaptiveAvgPool1d, 40),
        "volume": np.random.default_rng(0).standard_normal((1, 6, 12, 12)),
    }


# One name for several things.
INSTEAD = {
    "evaluate(": lambda: {"labels": [5, 5]},
    "CamWidget(model, signal": lambda: {"model": of_convolutions(nn.Conv1d, nn.AdaptiveAvgPool1d, 1)},
    "CamWidget(model, volume": lambda: {"model": of_convolutions(nn.Conv3d, nn.AdaptiveAvgPool3d, 1)},
}


def closed(made: Any) -> None:
    """Widgets hold threads and memory."""
    if isinstance(made, (CamGallery, CamWidget, Comparison)):
        made.close()


def test_the_python_of_the_readme_runs(given: dict[str, Any]) -> None:
    assert len(BLOCKS) > 10
    made: dict[str, Any] = {}
    for block in BLOCKS:
        if "camwidget.ray" in block and find_spec("ray") is None:
            continue
        there = made | given
        for statement in ast.parse(block).body:
            text = ast.unparse(statement)
            here = there | next((make() for start, make in INSTEAD.items() if text.startswith(start)), {})
            try:
                closed((eval if isinstance(statement, ast.Expr) else exec)(text, here))
            except Exception as error:
                raise AssertionError(f"README.md: {text}") from error
            there |= {name: value for name, value in here.items() if here.get(name) is not there.get(name)}
        made = there
    for value in [*made.values(), *given.values()]:
        closed(value)
