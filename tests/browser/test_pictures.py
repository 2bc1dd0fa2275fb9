"""Real networks on real pictures: the heat lies on the thing that was clicked."""

from __future__ import annotations

import json
from pathlib import Path

from desk import DEMO, show
from lab import Notebook
from playwright.sync_api import expect
from view import View, difference, peak

PHOTO = """
import torchvision
from camwidget import CamWidget
w = CamWidget(torchvision.models.squeezenet1_0(weights="DEFAULT"), {picture!r})
w"""


def ask(view: View, notebook: Notebook, name: str) -> tuple[float, float]:
    """Choose a class by its row if it is listed, else by a search; returns where the heat is strongest, in 0..1."""
    target = notebook.value(f"list(w.labels).index({name!r})")
    if target not in notebook.value("w.listed"):
        view.part(".search input").fill(name)
    view.row(target).click()
    notebook.until_value("w.target", target)
    expect(view.part(".question")).to_have_text(f"Why {name}?")
    view.leave()
    notebook.execute("import expected")
    notebook.until(lambda: difference(view) == "", f"the map of {name}")
    return peak(view.pixels())


def test_embedded_demo(notebook: Notebook) -> None:
    view = show(notebook, *DEMO)
    width, height = notebook.value("demo.example(0).image.size")
    things = notebook.value("[(thing.name, [int(v) for v in thing.box]) for thing in demo.example(0).objects]")
    assert len({name for name, _ in things}) >= 3
    for name in {name for name, _ in things}:
        x, y = ask(view, notebook, name)
        boxes = [box for other, box in things if other == name]
        inside = [x0 <= x * width < x1 and y0 <= y * height < y1 for x0, y0, x1, y1 in boxes]
        assert any(inside), f"{name}: ({x * width:.0f}, {y * height:.0f}) is in none of {boxes}"


def test_photo(notebook: Notebook, shared_data: Path) -> None:
    folder = shared_data / "images"
    view = show(notebook, PHOTO.format(picture=str(folder / "cat_dog.png")))
    about = json.loads((folder / "annotations.json").read_text())["images"]["cat_dog.png"]
    boxes = {thing["label"]: thing["box"] for thing in about["objects"]}
    width, height = about["size"]
    assert view.question == "Why bull mastiff?"
    for name, thing in (("bull mastiff", "dog"), ("tiger cat", "cat"), ("Persian cat", "cat")):
        x, y = ask(view, notebook, name)
        x0, y0, x1, y1 = boxes[thing]
        assert x0 <= x * width <= x1 and y0 <= y * height <= y1, f"{name}: ({x * width:.0f}, {y * height:.0f})"
    assert "991 more" in view.part(".note").inner_text() or view.part(".list").evaluate("(list) => list.scrollTop") > 0
