"""A segmentation on the page: shares of the picture, a class over its own pixels, one class against another."""

from __future__ import annotations

import json
from pathlib import Path

from desk import show
from lab import Notebook
from playwright.sync_api import expect
from view import difference, peak

SCENE = """
import sys; sys.path.insert(0, {folder!r})
import models
from camwidget import CamWidget
network, info = models.deeplabv3_mnv2()
w = CamWidget(network, {picture!r}, labels=info["classes"], preprocess=info["transform"])
w"""


def test_dog_and_cat(notebook: Notebook, shared_data: Path) -> None:
    picture = shared_data / "images" / "cat_dog.png"
    view = show(notebook, SCENE.format(folder=str(shared_data), picture=str(picture)))
    expect(view.part(".question")).to_have_text("Why dog?")  # the background has more of the picture
    expect(view.part(".column-probability")).to_have_text("Share")
    expect(view.part(".status")).to_contain_text("mean logit over the pixels of dog")
    about = json.loads((shared_data / "images" / "annotations.json").read_text())["images"]["cat_dog.png"]
    width, height = about["size"]
    boxes = {thing["voc"]: thing["box"] for thing in about["objects"]}
    for name, target in (("cat", 8), ("dog", 12)):
        view.row(target).click()
        expect(view.part(".status")).to_contain_text(f"mean logit over the pixels of {name}")
        view.leave()
        notebook.execute("import expected")
        notebook.until(lambda: difference(view) == "", f"the map of {name}")
        x, y = peak(view.pixels())
        x0, y0, x1, y1 = boxes[name]
        assert x0 <= x * width <= x1 and y0 <= y * height <= y1, f"{name}: ({x * width:.0f}, {y * height:.0f})"
    before = view.pixels()
    notebook.execute("w.against = 'cat'")
    view.until_changed(before, "dog against cat")
    expect(view.part(".status")).to_contain_text("mean logit over the pixels of dog, against cat")
    notebook.until(lambda: difference(view) == "", "dog against cat")
    notebook.execute("w.pixels = (110, 300)")
    expect(view.part(".status")).to_contain_text("mean logit over the region [110, 300], against cat")
    notebook.until(lambda: difference(view) == "", "a pixel of the dog, against cat")
