"""What a page without a kernel is given, and what it is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import resnet18

from camwidget import CamEngine, CamWidget, demo, export, payload, save_html
from tests.promises.snapshot import of_module
from tests.wire.front_end import NAMES, settle
from tests.wire.paging import blocks_of, maps_of, unpack, values

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '" onload="x',
    "l\u2028ine\u2029",
    "&lt;b&gt;",
    "\\u003c$bytes",
)


def test_every_chosen_map_is_there_and_no_other(w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    page = unpack(w.page_data(["cat", 3], ["block", "stem"], ["layercam", "eigencam"]))
    found = maps_of(page)
    targets, layers, variants = {0, 3, w.target}, ["stem", "block", "last"], {"layercam", "eigencam", "gradcam"}
    assert set(found) == {(t, la, v) for t in targets for la in layers for v in variants}
    assert set(page["listed"]) == targets
    assert [layer["name"] for layer in page["layers"]] == layers and all(layer["stage"] for layer in page["layers"])
    assert {variant["id"] for variant in page["variants"]} == variants
    recording = CamEngine(cnn).record(photo[None])
    for (target, layer, variant), item in found.items():
        due = recording.cams([target], layer, variant)[0, 0].numpy()
        np.testing.assert_allclose(values(item), due, atol=5e-4 * np.abs(due).max())


def test_fine_maps_are_rounded_to_steps_of_their_peak(cnn: nn.Module) -> None:
    with CamWidget(cnn, torch.randn(3, 80, 80)) as w:
        page = unpack(w.page_data(layers="stem", variants="hirescam"))
        for (target, layer, variant), item in maps_of(page).items():
            due = CamEngine(cnn).record(w._subject.input).cams([target], layer, variant)[0, 0].numpy()
            fine = due.size > payload.FINE
            assert item["dtype"] == ("int8" if fine else "float16")
            assert np.abs(values(item) - due).max() <= np.abs(due).max() * (0.51 / 127 if fine else 5e-4)


def test_a_page_is_given_every_trait_that_crosses_the_wire(w: CamWidget) -> None:
    own = {"_esm", "layout", "tooltip", "tabbable"}
    synced = {name for name in w.keys if not name.startswith("_")} - own
    assert synced == set(payload.TRAITS) == set(unpack(w.page_data()))


def test_what_is_on_screen_stays(make: Callable[..., CamWidget]) -> None:
    w = make(target="fox", layer="block", variant="hirescam", sign="signed", opacity=0.4, colormap="magma")
    page = unpack(w.page_data(["cat"], ["last"], ["gradcam"]))
    kept = ("target", "layer", "variant", "sign", "opacity", "colormap", "classes", "luts")
    assert all(page[name] == getattr(w, name) for name in kept)
    assert (page["stack"]["layer"], page["stack"]["variant"], page["stack"]["targets"]) == ("block", "hirescam", [3])
    assert page["stack"]["reply"] is page["status"]["reply"] is None


def test_names_are_text_wherever_they_stand(cnn: nn.Module, photo: Tensor) -> None:
    with CamWidget(cnn, photo, labels=HOSTILE, target=0) as w:
        for form in export.FORMS:
            html = w.to_html(form=form, title='a <b> & "c"')
            assert "alert(1)" not in html and "<b>" not in html
            inner = html if form != "frame" else unescape(html)
            assert inner.count("</script>") == 2
        named = w.to_html(form="page")
        assert "<title>Why &lt;/script&gt;&lt;script&gt;alert(1)" in named
        assert unpack(blocks_of(w.to_html())[0])["classes"]["names"] == list(w.labels)


def test_json_in_a_script_cannot_end_it() -> None:
    text = export.in_script(HOSTILE)
    assert text.isascii() and not set("<>&") & set(text)


def test_no_path_and_no_fault_of_the_machine_goes_along(cnn: nn.Module, tmp_path: Path) -> None:
    folder = tmp_path / "private_folder"
    folder.mkdir()
    photo = folder / "secret_name.png"
    Image.effect_noise((40, 40), 60).convert("RGB").save(photo)
    with CamWidget(cnn, photo, labels=NAMES) as w:
        settle()
        w.status = {**w.status, "state": "error", "text": f"[Errno 2] {photo}"}
        page = w.save(tmp_path / "page.html")
        text = page.read_text(encoding="utf-8") + str(unpack(blocks_of(page.read_text(encoding="utf-8"))[0]))
        figures = [w.save(tmp_path / f"figure.{kind}") for kind in ("png", "svg", "pdf")]
    for secret in ("private_folder", "secret_name", str(tmp_path)):
        assert secret not in text
        assert not any(secret.encode() in figure.read_bytes() for figure in figures)


def test_a_page_fetches_nothing(w: CamWidget) -> None:
    html = w.to_html(form="page")
    assert "default-src 'none'" in html
    bare = re.sub(r'<script type="application/json">.*?</script>', "", html, flags=re.DOTALL)
    assert not re.search(r"https?:|//[a-z]|src=|href=|url\(", bare)


def test_size_as_promised_and_as_estimated(tmp_path: Path) -> None:
    with CamWidget(resnet18().eval(), demo.image()) as w:
        classes = w.listed[:5]
        layers = ["relu", "layer1", "layer2", "layer3", "layer4"]
        estimate = w.estimate_size(classes, layers)
        size = w.save(tmp_path / "page.html", classes, layers).stat().st_size
    page = unpack(blocks_of((tmp_path / "page.html").read_text(encoding="utf-8"))[0])
    assert len(maps_of(page)) == 5 * 5 * 6 and size < 500_000
    assert abs(estimate - size) < 0.25 * size
    assert all(item["dtype"] == "float16" for item in maps_of(page).values() if np.prod(item["grid"]) <= payload.FINE)


def test_an_estimate_computes_nothing(w: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    settle()
    monkeypatch.setattr(type(w._session), "map", lambda *_: pytest.fail("computed"))
    little, much = w.estimate_size(0, "last", "gradcam"), w.estimate_size(range(6), None, ["scorecam", "ablationcam"])
    assert 40_000 < little < much


def test_several_widgets_on_one_page(make: Callable[..., CamWidget], tmp_path: Path) -> None:
    first, second = make(target="cat"), make(target="dog")
    path = save_html([first, second], tmp_path / "two.html", layers="last")
    pages = [unpack(block) for block in blocks_of(path.read_text(encoding="utf-8"))]
    assert [page["target"] for page in pages] == [0, 1]
    assert path.read_text(encoding="utf-8").count("data-view style") == 2


def test_a_fragment_has_no_empty_line_and_shows_itself(w: CamWidget) -> None:
    html = w.to_html()
    assert "\n\n" not in html and html._repr_html_() == str(html)
    assert len(repr(html)) < 40


def test_a_model_that_learns_meanwhile_gives_one_page_of_one_state(w: CamWidget, cnn: nn.Module) -> None:
    with torch.no_grad():
        cnn.fc.weight.mul_(-1)
    page = unpack(w.page_data(layers="last", variants="gradcam"))
    assert page["meta"]["image"] == page["stack"]["image"] == page["nearby"]["image"] == w._session.atlas.generation
    due = CamEngine(cnn).record(w._subject.input).cams([w.target], "last", "gradcam")[0, 0].numpy()
    np.testing.assert_allclose(values(page["stack"]), due, atol=5e-4 * np.abs(due).max())


def test_the_model_is_left_as_it_was(cnn: nn.Module, photo: Tensor, tmp_path: Path) -> None:
    cnn.train()
    before = of_module(cnn)
    with CamWidget(cnn, photo) as w:
        w.save(tmp_path / "page.html")
        w.save(tmp_path / "figure.png")
        with pytest.raises(ValueError, match="unknown class"):
            w.save(tmp_path / "page.html", targets="nothing like it")
    assert str(of_module(cnn)) == str(before) and cnn.training


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"path": "x.jpg"}, ValueError, r"unknown kind of file '.jpg'; did you mean '.png'\?"),
        ({"path": "x"}, ValueError, "unknown kind of file"),
        ({"path": "x.html", "form": "frme"}, ValueError, "unknown form 'frme'; did you mean 'frame'"),
        ({"path": "x.html", "targets": "ct"}, ValueError, "did you mean 'cat'"),
        ({"path": "x.html", "layers": ["lst"]}, ValueError, "did you mean 'last'"),
        ({"path": "x.html", "variants": "gradcm"}, ValueError, "did you mean 'gradcam'"),
        ({"path": "x.html", "targets": []}, ValueError, "an empty list"),
        ({"path": "x.html", "shading": "cells"}, TypeError, "unknown keyword of a page 'shading'"),
        ({"path": "x.png", "title": "x"}, TypeError, "title= and form= are for .html files"),
    ],
)
def test_wrong_words_are_named(w: CamWidget, tmp_path: Path, given: dict[str, object], error: type, says: str) -> None:
    path = tmp_path / str(given.pop("path"))
    with pytest.raises(error, match=says):
        w.save(path, **given)
    assert not path.exists()


def test_what_is_no_widget_is_refused(w: CamWidget, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a str is no CamWidget"):
        save_html([w, "w"], tmp_path / "x.html")
    with pytest.raises(ValueError, match="no widgets were given"):
        save_html([], tmp_path / "x.html")


def test_a_closed_widget_says_so(cnn: nn.Module, photo: Tensor) -> None:
    w = CamWidget(cnn, photo)
    w.close()
    for ask in (w.page_data, w.estimate_size, w.figure):
        with pytest.raises(RuntimeError, match="closed"):
            ask()
