"""The panel that looks inside: what each channel adds, asked by the browser and read from Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camwidget import VARIANTS, CamWidget
from camwidget.engine import CamEngine
from camwidget.protocol import CHANNELS, CHANNELS_KEYS
from camwidget.unfolding import page as on_a_page
from camwidget.unfolding import trait, unfold
from tests.wire.front_end import FrontEnd, settle, values


def floats(data: bytes) -> np.ndarray:
    return np.frombuffer(data, "<f4")


def only(page: FrontEnd) -> dict[str, Any]:
    (sent,) = page.states("channels")
    (view,) = sent["views"]
    assert set(view) == set(CHANNELS_KEYS) and sent["image"] == page.widget.meta["image"]
    return view


@pytest.mark.parametrize("variant", ["gradcam", "guided_relu", "layercam"])
def test_what_is_sent_is_what_the_engine_has(
    page: FrontEnd, w: CamWidget, cnn: nn.Module, photo: Tensor, variant: str
) -> None:
    reply = page.request(2, "block", variant, want="inside")
    sent, found = only(page), CamEngine(cnn).record(photo[None]).inside(2, "block", variant, CHANNELS)
    assert page.replies().count(reply) == 1
    assert (sent["target"], sent["layer"], sent["variant"], sent["count"]) == (2, "block", variant, 12)
    assert sent["strongest"] == found.strongest.tolist()
    np.testing.assert_allclose(floats(sent["weights"]), found.weights[found.strongest], rtol=1e-6)
    np.testing.assert_allclose(floats(sent["sums"]), found.sums[found.strongest], rtol=1e-5, atol=1e-6)
    assert sent["total"] == pytest.approx(found.total, rel=1e-5) and sent["value"] == pytest.approx(found.value)
    scale = float(found.contributions.abs().max())
    np.testing.assert_allclose(values(sent), found.contributions, atol=1e-3 * scale)
    assert sent["per_cell"] == (variant == "layercam") and sent["rectifiers"] == found.rectifiers == 1
    assert len(sent["activations"]) == len(sent["strongest"])
    for thumb, a in zip(sent["activations"], found.activations, strict=True):
        stored = np.frombuffer(thumb["data"], "i1").reshape(thumb["grid"]) * thumb["scale"]
        np.testing.assert_allclose(stored, a, atol=float(a.abs().max()) / 127)
    assert (sent["weight_maps"] is None) == (variant != "layercam")
    assert (sent["plain"] is None) == (variant != "guided_relu")


def test_it_comes_only_when_it_is_asked_for(page: FrontEnd) -> None:
    page.request(2, "block")
    page.request(2, "block", "gradcam", want="variants")
    assert page.states("channels") == []
    page.request(2, "block", "gradcam", want="inside")
    assert len(page.states("channels")) == 1


@pytest.mark.parametrize("variant", [v.id for v in VARIANTS.values() if v.weights == "none" and not v.slow])
def test_variants_without_weights_are_answered_without_it(page: FrontEnd, variant: str) -> None:
    reply = page.request(2, "last", variant, want="inside")
    assert reply in page.replies() and page.states("channels") == []
    assert page.widget.status["state"] != "error"


def test_few_channels_of_fine_layers(w: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    settle()
    atlas, view = w._session.atlas, w._view()
    monkeypatch.setattr("camwidget.unfolding.CHANNEL_BYTES", 6 * 7 * 7 * 2)
    assert len(unfold(atlas, view).strongest) == 6
    monkeypatch.setattr("camwidget.unfolding.CHANNEL_BYTES", 1)
    assert len(unfold(atlas, view).strongest) == 4
    (entry,) = trait(7, [(view, unfold(atlas, view))])["views"]
    assert entry["grid"] == [7, 7] and len(entry["sums"]) == 16


def test_read_from_python(w: CamWidget, cnn: nn.Module, photo: Tensor) -> None:
    found = w.inside(top=3)
    assert (found.layer, found.variant, len(found.strongest)) == ("last", "gradcam", 3)
    np.testing.assert_allclose(found.without([]).clamp(min=0), w.cam, rtol=1e-6)
    assert "channel" in repr(found)
    with torch.no_grad():
        cnn.fc.weight.mul_(2)
    assert w.inside().total == pytest.approx(2 * found.total, rel=1e-5)
    w.variant = "eigencam"
    with pytest.raises(ValueError, match="no weighted sum"):
        w.inside()


def test_what_is_explained_is_what_is_unfolded(page: FrontEnd, w: CamWidget) -> None:
    w.against = 1
    settle()
    page.request(2, want="inside")
    assert only(page)["value"] == pytest.approx(float(w.scores[2] - w.scores[1]), rel=1e-4)


def test_a_page_holds_what_fits(w: CamWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    settle()
    session, here = w._session, w._view()
    monkeypatch.setattr("camwidget.unfolding.PAGE_BYTES", 2**20)
    layers, variants = ("stem", "block", "last"), ("gradcam", "eigencam", "layercam")
    made = on_a_page(session, here, layers, variants)
    places = [(view["layer"], view["variant"]) for view in made["views"]]
    assert made["image"] == w.meta["image"]
    assert places == [(layer, v) for layer in ("last", "block", "stem") for v in ("gradcam", "layercam")]
    assert {view["target"] for view in made["views"]} == {w.target}
    assert {view["dtype"] for view in made["views"]} == {"float16"}
    found = w.inside()
    np.testing.assert_allclose(
        values(made["views"][0]), found.contributions, atol=1e-3 * found.contributions.abs().max()
    )
    one = 12 * 3 * 7 * 7
    monkeypatch.setattr("camwidget.unfolding.PAGE_BYTES", one)
    assert len(on_a_page(session, here, layers, variants)["views"]) == 1
    w.variant = "eigencam"
    assert on_a_page(session, w._view(), layers, ("eigencam",))["views"] == []
