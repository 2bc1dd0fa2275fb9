"""Layers whose names cannot travel, half characters and turned writing in them, are shown and work all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch import Tensor, nn

from camwidget import CamEngine, CamGallery, CamWidget, explain
from camwidget.engine.modules import module_of, shown
from camwidget.text import line
from tests.wire.front_end import FrontEnd, settle

EARLY, LATE, TWIN = "st\udc80em", "a\u202eb", "st\ud800em"


class Named(nn.Module):
    """The same network under other names; two of them differ in their half characters alone."""

    def __init__(self, early: str, late: str, twin: str) -> None:
        super().__init__()
        self.add_module(early, nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()))
        self.add_module(twin, nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()))
        self.add_module(late, nn.Conv2d(4, 6, 3, stride=2, padding=1))
        self.fc = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        for module in list(self.children())[:3]:
            x = module(x)
        return self.fc(x.mean((2, 3)))


@pytest.fixture
def model() -> nn.Module:
    return Named(EARLY, LATE, TWIN).eval()


@pytest.fixture
def w(model: nn.Module, photo: Tensor) -> Iterator[CamWidget]:
    with CamWidget(model, photo, labels=["a\udc80", *"bcde"]) as w:
        yield w
    settle()


def test_are_chosen_in_the_browser_and_from_python(w: CamWidget, model: nn.Module, photo: Tensor) -> None:
    plain = Named("early", "late", "twin").eval()
    plain.load_state_dict(dict(zip(plain.state_dict(), model.state_dict().values(), strict=True)))
    page, record = FrontEnd(w), CamEngine(plain).record(photo[None])
    assert [one["name"] for one in w.layers if "." not in one["name"]] == [*map(shown, (EARLY, TWIN, LATE))]
    json.dumps(w.get_state(), default=str, ensure_ascii=False).encode()
    for given, name in ((EARLY, "early"), (TWIN, "twin"), (LATE, "late")):
        reply = page.request(1, shown(given), "layercam", want="inside", tests=given == TWIN)
        assert page.replies().count(reply) == 1 and w.layer == shown(given)
        np.testing.assert_allclose(w.cam, record.cam(1, name, "layercam")[0], atol=1e-6)
        w.layer, w.variant = given, "ablationcam"  # by the user's own name, and by runs of a twin
        assert w.layer == shown(given)
        np.testing.assert_allclose(w.cam, record.cam(1, name, "ablationcam")[0], atol=1e-5)
    settle()
    assert w.status["state"] != "error"
    assert w.to_html(layers=[EARLY, TWIN], variants="gradcam").encode()
    assert shown(TWIN) in "".join(w.sanity().modules)


def test_an_unknown_one_is_refused_in_words_that_travel(w: CamWidget) -> None:
    page = FrontEnd(w)
    page.request(0, "x\udc80y")
    assert w.status["state"] == "error" and w.status["text"].encode()
    with pytest.raises(ValueError, match="unknown layer"):
        w.layer = "x\udc80y"


def test_in_the_engine_and_over_many_images(model: nn.Module, photo: Tensor) -> None:
    rec = CamEngine(model).record(photo[None], [EARLY])
    assert list(rec.layers) == [shown(EARLY)] and rec.cam(0, EARLY).shape == (1, 28, 28)
    found = explain(model, photo[None], 0, layer=EARLY, size="grid", progress=False)
    np.testing.assert_allclose(found.maps[shown(EARLY), "gradcam"], rec.cam(0, EARLY), atol=1e-6)
    assert module_of(model, shown(EARLY)) is next(model.children())
    with pytest.raises(AttributeError):
        module_of(model, "x\udc80y")


def test_files_and_titles(model: nn.Module, tmp_path: Path) -> None:
    for name in ("a\udc80.png", "b\udcff.png"):
        Image.effect_noise((28, 28), 60).convert("RGB").save(tmp_path / name)
    files = sorted(tmp_path.glob("*.png"))
    with CamGallery(model, files) as gallery:
        assert gallery.names_of_items == [line(path.name) for path in files]
        json.dumps(gallery.get_state(), default=str, ensure_ascii=False).encode()
    with CamWidget(model, files) as w:
        assert w.save(tmp_path / "page\udc80.html", layers=EARLY, variants="gradcam", title="of \udc80").exists()
    settle()


def test_what_can_be_printed_stays_as_it_is() -> None:
    assert shown("layer4.1.\u00e9\u6f22 \U0001f600") == "layer4.1.\u00e9\u6f22 \U0001f600"
    assert shown("a\ud800") != shown("a\ud801")
