"""What is packed can be unpacked as ``protocol.py`` says, and is small."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import Tensor, nn

from camwidget import protocol, scores, wire
from camwidget.aim import Aim
from camwidget.answers import Menu, Nearby, Stack, Strip, Told, View, Working
from camwidget.engine import VARIANTS, CamEngine, Reason, Recording
from camwidget.engine.scoring import SCORES

DTYPES = {"float32": "<f4", "float16": "<f2", "int8": "i1"}
VIEW = View(4, "last", "gradcam")


def unpacked(item: dict[str, Any], shape: tuple[int, ...], data: bytes | None = None, dtype: str = "") -> np.ndarray:
    """As the browser reads it: value = stored * scale."""
    stored = np.frombuffer(item["data"] if data is None else data, DTYPES[dtype or item["dtype"]])
    return stored.astype(np.float64).reshape(shape) * item["scale"]


def answer(maps: np.ndarray, **more: Any) -> Stack:
    keywords = {"done": True, "ms": 1.23456, "note": None, "reply": ("page", 3)} | more
    return Stack(VIEW, 2, tuple(range(len(maps))), maps, **keywords)


def test_a_stack_of_few_cells_is_exact() -> None:
    maps = np.random.default_rng(0).normal(size=(5, 7, 6)).astype(np.float32)
    made = wire.stack(answer(maps))
    assert tuple(made) == protocol.STACK_KEYS
    assert np.array_equal(unpacked(made, maps.shape), maps.astype(np.float64))
    assert (made["grid"], made["targets"], made["image"]) == ([7, 6], [0, 1, 2, 3, 4], 2)
    assert (made["layer"], made["variant"], made["ms"], made["reply"]) == ("last", "gradcam", 1.235, ["page", 3])
    assert wire.stack(answer(maps, reply=None))["reply"] is None


@pytest.mark.parametrize("size", [1e-30, 1e-7, 1.0, 1e6, 1e30])
def test_a_large_stack_is_half_as_large_and_right_to_a_thousandth(size: float) -> None:
    maps = (np.random.default_rng(0).normal(size=(9, 56, 56)) * size).astype(np.float32)
    made = wire.stack(answer(maps))
    assert made["dtype"] == "float16"
    assert len(made["data"]) == maps.size * 2
    assert np.abs(unpacked(made, maps.shape) - maps).max() <= 1e-3 * np.abs(maps).max()


def test_maps_of_very_different_size_keep_their_shape() -> None:
    """One scale serves them all: of a model that ends in a softmax most would arrive as zero."""
    maps = np.random.default_rng(0).normal(size=(20, 16, 16)).astype(np.float32)
    maps *= 10.0 ** -np.arange(20, dtype=np.float32)[:, None, None]
    made = wire.stack(answer(maps))
    assert np.array_equal(unpacked(made, maps.shape), maps.astype(np.float64))
    maps[5:] = 0  # what is nothing at all needs no scale
    maps[4, 0, 0] = np.nan
    made = wire.stack(answer(maps))
    assert made["dtype"] == "float16"
    peaks = np.abs(maps[:4]).max((1, 2), keepdims=True)
    assert np.abs((unpacked(made, maps.shape)[:4] - maps[:4]) / peaks).max() < 1e-3


def test_where_half_precision_begins() -> None:
    cells = protocol.HALF_ABOVE // 4
    assert wire.packed(np.ones(cells, np.float32))["dtype"] == "float32"
    assert wire.packed(np.ones(cells + 1, np.float32))["dtype"] == "float16"


@pytest.mark.parametrize("cells", [10, 10_000])
@pytest.mark.parametrize("value", [0.0, math.nan, math.inf])
def test_blank_and_broken_maps_travel(cells: int, value: float) -> None:
    made = wire.packed(np.full(cells, value, np.float32))
    assert math.isfinite(made["scale"]) and made["scale"] > 0
    np.testing.assert_array_equal(unpacked(made, (cells,)), np.full(cells, value))


@given(
    arrays.arrays(
        np.float32, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.floats(-1e3, 1e3, width=32)
    )
)
def test_thumbnails(values: np.ndarray) -> None:
    made = wire.thumbnail(values)
    h, w = made["grid"]
    assert 1 <= h <= protocol.THUMB and 1 <= w <= protocol.THUMB
    small = unpacked(made, (h, w), dtype="int8")
    assert np.abs(small).max() <= np.abs(values).max() * (1 + 1e-5)
    if values.shape == (h, w):
        assert np.abs(small - values).max() <= 0.51 * made["scale"]


def test_a_large_thumbnail_is_pooled() -> None:
    values = np.kron(np.arange(-200, 584).reshape(28, 28), np.ones((2, 2))).astype(np.float32)
    made = wire.thumbnail(values)
    assert made["grid"] == [28, 28]
    expected = np.arange(-200, 584).reshape(28, 28)
    assert np.abs(unpacked(made, (28, 28), dtype="int8") - expected).max() <= 0.51 * made["scale"]
    assert wire.thumbnail(np.zeros((112, 56), np.float32))["grid"] == [28, 14]


def test_the_strip() -> None:
    maps = {"first": np.random.default_rng(0).normal(size=(40, 20)), "last": -np.eye(4)}
    made = wire.strip(Strip(VIEW, 3, tuple((k, v.astype(np.float32)) for k, v in maps.items())))
    assert tuple(made) == protocol.STRIP_KEYS
    assert (made["image"], made["target"], made["variant"]) == (3, 4, "gradcam")
    assert [m["layer"] for m in made["maps"]] == ["first", "last"]
    assert np.allclose(unpacked(made["maps"][1], (4, 4), dtype="int8"), -np.eye(4))


def test_the_menu() -> None:
    maps = tuple((v, np.full((3, 2), i, np.float32)) for i, v in enumerate(VARIANTS))
    content, buffers = wire.menu(Menu(VIEW, 1, maps))
    assert (content["type"], content["image"]) == ("maps", 1)
    assert {(m["target"], m["layer"]) for m in content["maps"]} == {(4, "last")}
    assert [m["variant"] for m in content["maps"]] == list(VARIANTS)
    for i, (item, data) in enumerate(zip(content["maps"], buffers, strict=True)):
        assert "data" not in item
        assert (unpacked(item, (3, 2), data) == i).all()


def test_what_comes_unasked_is_half_as_large() -> None:
    maps = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    made = wire.nearby(Nearby(VIEW, 2, ((View(1, "first", "layercam"), maps),)))
    assert tuple(made) == protocol.NEARBY_KEYS and made["image"] == 2
    (item,) = made["maps"]
    assert (item["target"], item["layer"], item["variant"], item["grid"]) == (1, "first", "layercam", [3, 2])
    assert len(item["data"]) == 3 * 2 * 2
    assert np.allclose(unpacked(item, maps.shape), maps, atol=1e-3 * np.abs(maps).max())


def test_a_stack_of_all_classes_names_none() -> None:
    made = wire.stack(replace(answer(np.ones((1000, 7, 7), np.float32)), targets=None))
    assert made["targets"] is None and len(made["data"]) == 98_000


def test_status_and_variants() -> None:
    assert wire.status("error", "text", "hint", ("page", 1)) == {
        "state": "error", "text": "text", "hint": "hint", "about": None, "reply": ["page", 1],
    }  # fmt: skip
    assert tuple(wire.status("ready", "")) == protocol.STATUS_KEYS
    blank, quiet = Reason("all-negative", "Blank map.", "Show signed."), Reason("training", "In training mode.")
    about = {"target": 4, "layer": "last", "variant": "gradcam"}
    assert wire.told(Told(VIEW, 1, blank), ("page", 2)) == {
        "state": "warning", "text": "Blank map.", "hint": "Show signed.", "about": about, "reply": ["page", 2],
    }  # fmt: skip
    assert wire.told(Told(VIEW, 1, quiet)) == {
        "state": "ready", "text": "", "hint": "In training mode.", "about": about, "reply": None,
    }  # fmt: skip
    for made, variant in zip(wire.variants(), VARIANTS.values(), strict=True):
        assert made["id"] == variant.id and made["relu"] == variant.relu and made["slow"] == variant.slow
        assert made["unit"] in ("score", "relative")


def test_how_far_a_slow_map_is() -> None:
    slow = replace(VIEW, variant="scorecam")
    assert wire.working(Working(slow, 1, 0, 0, ("page", 1))) == wire.status("busy", "Score-CAM", to=("page", 1))
    assert wire.working(Working(slow, 1, 699, 2048)) == wire.status("busy", "Score-CAM 34 %")
    assert wire.working(Working(slow, 1, 2048, 2048))["text"] == "Score-CAM 100 %"


# ---------------------------------------------------------------------- layers


def test_layers_say_what_their_cells_see_and_where_they_are_placed(cnn: nn.Module, x: Tensor) -> None:
    padded = {layer["name"]: layer for layer in wire.layers(CamEngine(cnn).record(x))}
    assert all(tuple(layer) == protocol.LAYER_KEYS for layer in padded.values())
    # convolutions with padding 1, pooling by 2: 3 samples, then 4 + 2 * 2, then 10 + 2 * 4
    assert padded["stem"]["sees"] == [[0.5, 1.0, 3.0]] * 2
    assert padded["block"]["sees"] == [[1.0, 2.0, 8.0]] * 2
    assert padded["last"]["sees"] == [[2.0, 4.0, 18.0]] * 2
    assert all(layer["place"] is None for layer in padded.values())
    for module in cnn.modules():
        if isinstance(module, nn.Conv2d):
            module.padding = (0, 0)
    bare = {layer["name"]: layer for layer in wire.layers(CamEngine(cnn).record(x))}
    assert bare["last"]["sees"] == bare["last"]["place"] == [[9.0, 4.0, 18.0]] * 2


def test_what_sees_everything_sees_null(x: Tensor) -> None:
    class Normed(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).mean((2, 3))

    recording = CamEngine(Normed(nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.Conv2d(4, 5, 1))).record(x)
    made = {layer["name"]: layer["sees"] for layer in wire.layers(recording, "1")}
    assert made["1"] == [[0.5, 1.0, None]] * 2


@pytest.fixture
def recording() -> Recording:
    """A long chain: forty steps, of which few are stages."""
    blocks = [nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()) for _ in range(20)]
    chain = nn.Sequential(nn.Conv2d(3, 4, 3), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    return CamEngine(chain).record(torch.randn(1, 3, 16, 16))


def test_layers_are_the_stages_and_a_few_dots_between(recording: Recording) -> None:
    shown = wire.layers(recording)
    names = [item["name"] for item in shown]
    assert [item["name"] for item in shown if item["stage"]] == list(recording.stages)
    order = list(recording.layers)
    assert [order.index(n) for n in names] == sorted(order.index(n) for n in names)
    assert len(set(names)) == len(names)
    between = 0
    for item in shown:
        between = 0 if item["stage"] else between + 1
        assert between <= wire.DOTS_BETWEEN
        assert tuple(item["grid"]) == recording.layers[item["name"]].grid
    assert not all(item["stage"] for item in shown)
    assert shown[-1]["name"] == recording.default_layer


def test_the_layer_in_use_is_always_there(recording: Recording) -> None:
    usual = [item["name"] for item in wire.layers(recording)]
    extra = next(name for name in recording.layers if name not in usual)
    shown = [item["name"] for item in wire.layers(recording, extra)]
    assert sorted(shown) == sorted([*usual, extra])
    assert shown == [name for name in recording.layers if name in shown]
    assert [item["name"] for item in wire.layers(recording, recording.default_layer)] == usual


# ---------------------------------------------------------------------- scores


@pytest.mark.parametrize(
    ("probability", "unit", "expected"),
    [
        ("softmax", "logits", torch.tensor([2.0, -1.0, 0.5]).softmax(0)),
        ("sigmoid", "logits", torch.tensor([2.0, -1.0, 0.5]).sigmoid()),
        ("none", "probability", torch.tensor([2.0, -1.0, 0.5])),
    ],
)
def test_scores_travel_with_their_probabilities(probability: str, unit: str, expected: Tensor) -> None:
    made = scores.table(recorded([2.0, -1.0, 0.5]), probability)
    assert np.frombuffer(made["scores"], "<f4").tolist() == [2.0, -1.0, 0.5]
    np.testing.assert_allclose(np.frombuffer(made["probabilities"], "<f4"), expected.numpy(), rtol=1e-6)
    assert (made["unit"], made["probability"]) == (unit, probability)


def recorded(row: list[float], output_grid: tuple[int, ...] = (), shares: list[float] | None = None) -> Any:
    """What of a recording is looked at."""
    shares_ = torch.tensor([shares or row])
    return SimpleNamespace(scores=torch.tensor([row]), squashed=False, output_grid=output_grid, shares=lambda: shares_)


def test_how_probabilities_are_found() -> None:
    logits, shares = recorded([2.0, -1.0]), recorded([0.9, 0.1])
    plain, several = nn.Module(), nn.Module()
    several.multi_label = True
    assert scores.find_probability(plain, logits, None) == "softmax"
    assert scores.find_probability(plain, shares, None) == "none"
    assert scores.find_probability(plain, shares, "softmax") == "softmax"
    assert scores.find_probability(several, logits, None) == "sigmoid"
    assert scores.find_probability(plain, recorded([2.0]), None) == "sigmoid"
    with pytest.raises(ValueError, match=r"unknown probability 'sofmax'; did you mean 'softmax'\?"):
        scores.find_probability(plain, logits, "sofmax")


def test_dense_scores_are_ranked_by_their_share_of_the_picture() -> None:
    dense = recorded([5.0, -1.0, 0.5], (4, 4), [0.1, 0.6, 0.3])
    assert scores.find_probability(nn.Module(), dense, None) == scores.SHARE
    assert scores.strongest(dense, scores.SHARE, 2) == [1, 2]
    assert scores.strongest(recorded([5.0, -1.0, 0.5]), "softmax", 2) == [0, 2]
    np.testing.assert_allclose(scores.probabilities(dense, scores.SHARE), [0.1, 0.6, 0.3])
    with pytest.raises(ValueError, match="probability is 'sigmoid', and the scores are dense; accepted: 'softmax'"):
        scores.find_probability(nn.Module(), dense, "sigmoid")


def test_the_background_of_a_segmentation_is_not_what_is_explained_unasked() -> None:
    names = ("cat", "__background__", "dog")
    assert scores.first([1, 2, 0], names, scores.SHARE) == 2
    assert scores.first([1, 2, 0], names, "softmax") == 1
    assert scores.first([1], names, scores.SHARE) == 1


def test_units_of_the_maps() -> None:
    units = [scores.table(recorded([2.0, -1.0]), "softmax", Aim(score=score))["unit"] for score in SCORES]
    assert units == ["logits", "probability", "log-probability"]
    assert scores.check_score("softmax", "softmax") == "softmax"
    with pytest.raises(ValueError, match="score is 'softmax', and the model's scores are probabilities already"):
        scores.check_score("softmax", "none")


def test_the_thumbnail_of_a_signal_is_a_line_of_steps() -> None:
    values = np.zeros(1000, np.float32)
    values[500:510] = 4.0
    made = wire.thumbnail(values)
    assert made["grid"] == [protocol.THUMB_STEPS]
    line = unpacked(made, (protocol.THUMB_STEPS,), dtype="int8")
    assert abs(int(line.argmax()) - 48) <= 1 and line.min() == 0
    assert wire.thumbnail(values[:7])["grid"] == [7]


def test_the_thumbnail_of_a_volume_is_the_strongest_over_its_depth_with_its_sign() -> None:
    values = np.zeros((6, 10, 20), np.float32)
    values[4, 2, 3], values[1, 2, 3], values[0, 7, 15] = 2.0, -1.0, -3.0
    made = wire.thumbnail(values)
    assert made["grid"] == [10, 20]
    flat = unpacked(made, (10, 20), dtype="int8")
    assert flat[2, 3] == pytest.approx(2, abs=0.03) and flat[7, 15] == pytest.approx(-3, abs=0.03)
    values[0, 0, 0] = np.nan
    assert wire.thumbnail(values)["grid"] == [10, 20]


@pytest.mark.parametrize("grid", [(400,), (4, 20, 20)])
def test_maps_of_very_different_size_keep_their_shape_on_any_grid(grid: tuple[int, ...]) -> None:
    maps = np.random.default_rng(0).normal(size=(20, *grid)).astype(np.float32)
    maps *= 10.0 ** -np.arange(20, dtype=np.float32).reshape(-1, *(1,) * len(grid))
    made = wire.stack(answer(maps))
    assert made["dtype"] == "float32" and made["grid"] == list(grid)
    same = wire.stack(answer(np.repeat(maps[:1], 20, 0)))
    assert same["dtype"] == "float16"
