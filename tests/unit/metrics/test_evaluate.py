"""Tables of measures, and what they say of the embedded scenes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from camwidget import CamEngine, demo
from camwidget.metrics import MEASURES, Judge, average_drop, deletion, evaluate, measure, pointing_game, randomised
from tests.conftest import TinyCnn
from tests.promises.snapshot import as_before
from tests.registry import GRADIENT
from tests.scenes import Sample, sample

BOXES = [(0, 0, 8, 8), (4, 4, 20, 30), (0, 0, 32, 32)]


@pytest.fixture(scope="module")
def scenes() -> Sample:
    """Four scenes with all their stickers."""
    return sample(4)


@pytest.fixture
def three() -> torch.Tensor:
    return torch.randn(3, 3, 32, 32)


def test_it_is_what_the_measures_say_one_by_one(three: torch.Tensor) -> None:
    model = TinyCnn().eval()
    with as_before(model, three):
        found = measure(model, three, [1, 2, 3], BOXES, ["gradcam", "layercam"], layer="block", batch_size=2, steps=3)
    assert list(found) == ["gradcam", "layercam", "random", "uniform"]
    assert all(list(by) == list(MEASURES) and all(v.shape == (3,) for v in by.values()) for by in found.values())
    judge, maps = Judge(model), CamEngine(model).record(three).cam([1, 2, 3], "block", "layercam")
    by_hand = {
        "average drop": average_drop(judge, three, maps, [1, 2, 3]),
        "pointing game": pointing_game(maps, BOXES, (32, 32)),
    }
    for name, values in by_hand.items():
        np.testing.assert_allclose(found["layercam"][name], values, rtol=1e-4, atol=1e-6)
    # equal pixels, of which the ReLU leaves many, go at random, each batch anew
    areas = torch.cat([deletion(judge, three[i], maps[i], [1, 2, 3][i], steps=3).area for i in (slice(2), slice(2, 3))])
    np.testing.assert_allclose(found["layercam"]["deletion"], areas, rtol=1e-4, atol=1e-6)
    assert 0 <= found["random"]["pointing game"][0] <= 1 and found["uniform"]["pointing game"][2] == 1
    assert found["uniform"]["energy in box"][0] == pytest.approx(64 / 1024)


def test_without_labels_and_boxes(three: torch.Tensor) -> None:
    model = TinyCnn().eval()
    found = measure(model, three, variants="gradcam", batch_size=2, steps=3)
    assert list(found["gradcam"]) == list(MEASURES)[:4]
    predicted = model(three).argmax(1).tolist()
    same = measure(model, three, predicted, variants="gradcam", batch_size=2, steps=3)
    np.testing.assert_array_equal(found["gradcam"]["deletion"], same["gradcam"]["deletion"])


def test_a_table(three: torch.Tensor) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed (extra: data)")
    model = TinyCnn().eval()
    keywords: dict[str, Any] = {"variants": ["gradcam"], "steps": 4}
    table = evaluate(model, three, [0, 1, 2], boxes=BOXES, **keywords)
    assert list(table.index) == ["gradcam", "random", "uniform"] and list(table.columns) == list(MEASURES)
    found = measure(model, three, [0, 1, 2], BOXES, **keywords)
    assert table.loc["gradcam", "deletion"] == pytest.approx(found["gradcam"]["deletion"].mean())


def test_without_pandas_there_is_a_way_out(three: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'camwidget\[data\]'"):
        evaluate(TinyCnn().eval(), three)


WRONG = {
    "boxes": ({"boxes": BOXES[:2]}, "boxes of 2 images for 3"),
    "more boxes": ({"boxes": [*BOXES, BOXES[0]]}, "boxes of 4 images for 3 images"),
    "labels": ({"labels": [1]}, "1 targets for 3 images"),
    "a measure": ({"measures": ["deletions"]}, "did you mean 'deletion'"),
    "no boxes": ({"measures": ["pointing game"]}, "pointing game needs boxes="),
    "a variant": ({"variants": ["gradcm"]}, "did you mean 'gradcam'"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_questions(wrong: str, three: torch.Tensor) -> None:
    keywords, words = WRONG[wrong]
    with pytest.raises(ValueError, match=words):
        measure(TinyCnn().eval(), three, **keywords)


# ------------------------------------------------------------------ the embedded scenes, whose truth is known


def means(scenes: Sample, variants: list[str], *, measures: list[str], **keywords: Any) -> dict[str, list[float]]:
    found = measure(
        demo.model(), scenes.x, scenes.targets, scenes.boxes, variants, measures=measures, steps=6, **keywords
    )
    return {method: [float(by[name].mean()) for name in measures] for method, by in found.items()}


def test_every_gradient_variant_beats_chance_by_far_on_the_scenes(scenes: Sample) -> None:
    found = means(scenes, GRADIENT, measures=["pointing game", "deletion"])
    hits, area = found["random"]
    for variant in GRADIENT:
        assert found[variant][0] >= hits + 0.6, (variant, found)
        assert found[variant][1] <= 0.5 * area, (variant, found)


def test_a_randomised_network_does_not(scenes: Sample) -> None:
    """Its maps find what stands out, so a sticker of any class more often than chance does; but not the class."""
    net = demo.model()
    several = [
        means(scenes, GRADIENT, measures=["pointing game"], maps_of=randomised(net, seed=seed)) for seed in range(4)
    ]
    for variant in GRADIENT:
        hits = np.mean([found[variant][0] for found in several])
        assert hits <= several[0]["random"][0] + 0.3, (variant, hits)
    several = [
        means(scenes, ["gradcam", "layercam"], measures=["deletion"], maps_of=randomised(net, seed=seed))
        for seed in range(2)
    ]
    for variant in ("gradcam", "layercam"):
        area = np.mean([found[variant][0] for found in several])
        assert area >= 0.55 * several[0]["random"][0], (variant, area, several)
