"""How far variants tell the same: closed forms, what is left out, and what scipy says (in the fixture)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor, nn

from camwidget import CamWidget
from camwidget.agreement import agreement, ranks
from camwidget.engine import VARIANTS

FIXTURE = Path(__file__).resolve().parents[2] / "js" / "test" / "fixtures" / "agreement.json"
SIGNS = {"positive": lambda v: v.clip(min=0), "signed": lambda v: v, "absolute": np.abs}


def maps(*rows: list[float]) -> dict[str, np.ndarray]:
    return {chr(97 + i): np.array(row, np.float32) for i, row in enumerate(rows)}


def test_ranks_share_the_mean_of_ties() -> None:
    np.testing.assert_array_equal(ranks(np.array([3.0, 1, 3, 0, 1, 1])), [5.5, 3, 5.5, 1, 3, 3])


def test_closed_forms() -> None:
    found = agreement(maps([1, 2, 3, 4], [1, 4, 9, 16], [4, 3, 2, 1], [2, 1, 4, 3]))
    np.testing.assert_allclose(found.correlations[0], [1, 1, -1, 0.6], atol=1e-12)
    assert found.most_alike == ("a", "b", pytest.approx(1))
    assert found.least_alike == ("a", "c", pytest.approx(-1))
    np.testing.assert_allclose(agreement(maps([2, 0], [0, 8])).spread, [0.5, 0.5])
    np.testing.assert_allclose(agreement(maps([3, 1.5], [8, 4])).spread, [0, 0])


def test_what_cannot_be_ranked_or_scaled_is_left_out() -> None:
    found = agreement(maps([0, 0, 0], [1, np.nan, 2], [1, 0, 2], [2, 0, 2]))
    assert np.isnan(found.correlations[:2]).all() and np.isfinite(found.correlations[2:, 2:]).all()
    np.testing.assert_allclose(found.spread, [0.25, 0, 0])
    assert agreement(maps([0, 0], [1, 1])).most_alike is None
    assert not agreement(maps([0, 0], [0, 0])).spread.any()


def test_the_fixture_of_scipy() -> None:
    kept = json.loads(FIXTURE.read_text(encoding="utf-8"))
    for case in kept["cases"]:
        fold = SIGNS[case["sign"]]
        given = {str(i): fold(np.array(m, np.float32)).reshape(kept["grid"]) for i, m in enumerate(kept["maps"])}
        found = agreement(given)
        np.testing.assert_allclose(found.correlations, np.array(case["correlations"], float), atol=1e-6)
        np.testing.assert_allclose(found.spread.ravel(), case["spread"], atol=1e-6)


def test_refused() -> None:
    with pytest.raises(ValueError, match="accepted: two or more"):
        agreement(maps([1, 2]))
    with pytest.raises(ValueError, match=r"a 2, b 3; accepted: those of the layer's own cells"):
        agreement(maps([1, 2], [1, 2, 3]))


def test_of_a_widget(cnn: nn.Module, x: Tensor) -> None:
    with CamWidget(cnn, x[:1], layer="block") as w:
        found = w.agreement()
        assert found.variants == tuple(v.id for v in VARIANTS.values() if not v.slow)
        assert found.spread.shape == w.cam.shape and found.spread.dtype == np.float32
        two = w.agreement(["layercam", "gradcam"])
        i, j = found.variants.index("gradcam"), found.variants.index("layercam")
        assert two.correlations[0, 1] == pytest.approx(found.correlations[i, j])
        w.sign = "signed"
        assert w.agreement(["layercam", "gradcam"]).correlations[0, 1] != two.correlations[0, 1]
        assert "1 layercam" in str(two) and f"{two.correlations[0, 1]:.2f}" in repr(two)
        with pytest.raises(ValueError, match="layercam"):
            w.agreement(["gradcam", "layrcam"])
        with pytest.raises(ValueError, match="two or more"):
            w.agreement("gradcam")
        with pytest.raises(ValueError, match="guided_gradcam 32x32"):
            w.agreement(["gradcam", "guided_gradcam"])
