"""Both maps of a contrast: by subtraction where the variant is linear, else from the engine."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor, nn

from camwidget import Target
from camwidget.aim import Aim
from camwidget.atlas import Atlas
from camwidget.contrasting import Contrast, classes, pair
from camwidget.engine import VARIANTS, CamEngine

QUICK = [v.id for v in VARIANTS.values() if v.needs != "passes"]


@pytest.fixture
def atlas(cnn: nn.Module, x: Tensor) -> Atlas:
    engine = CamEngine(cnn)
    return Atlas(engine, engine.record(x[:1]))


@pytest.mark.parametrize("variant", QUICK)
def test_both_sides_are_what_the_engine_says_of_the_difference(atlas: Atlas, variant: str) -> None:
    made = pair(atlas, "block", variant, 2, Contrast(4, 0.6))
    targets = [Target(2, against=4, gamma=0.6), Target(4, against=2, gamma=0.6)]
    expected = atlas.recording.cams(targets, "block", variant)[0].numpy()
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_a_linear_variant_takes_no_pass_for_another_gamma(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = classes(atlas, "block", "gradcam", 2, 4)
    monkeypatch.setattr(type(atlas.recording), "cams", None)  # would fail
    for gamma in (0.0, 0.5, 2.0):
        made = pair(atlas, "block", "gradcam", 2, Contrast(4, gamma))
        np.testing.assert_allclose(made, [plain[0] - gamma * plain[1], plain[1] - gamma * plain[0]], rtol=1e-6)


@pytest.mark.parametrize("variant", ["layercam", "finercam"])
def test_at_gamma_0_both_maps_are_as_they_are(atlas: Atlas, variant: str) -> None:
    made = pair(atlas, "block", variant, 2, Contrast(4, 0.0))
    np.testing.assert_array_equal(made, [atlas.map("block", variant, t) for t in (2, 4)])


def test_a_softmax_is_contrasted_as_a_softmax(atlas: Atlas) -> None:
    atlas.explain(Aim(score="softmax"))
    made = pair(atlas, "block", "layercam", 2, Contrast(4, 0.6))[0]
    target = Target(2, against=4, gamma=0.6, score="softmax")
    expected = atlas.recording.cams([target], "block", "layercam")[0, 0].numpy()
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_what_is_seen_against_a_class_already(atlas: Atlas) -> None:
    atlas.explain(Aim(against=1))
    a, b = (atlas.recording.cams([k], "block", against=1)[0, 0].numpy() for k in (2, 4))
    made = pair(atlas, "block", "gradcam", 2, Contrast(4, 0.5))[0]
    np.testing.assert_allclose(made, a - 0.5 * b, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match=r"against is 1: .*accepted: against None, or a variant such as 'gradcam'"):
        pair(atlas, "block", "layercam", 2, Contrast(4, 0.5))
