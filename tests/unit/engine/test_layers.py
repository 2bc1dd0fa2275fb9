"""How outputs are read as channels on a grid, and which layers are on offer, by default and as stages."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from camwidget.engine import CamEngine, Recording
from camwidget.engine.layers import LayerInfo, pick_stages, read

FIRST, LAST = "channels_first", "channels_last"


@pytest.mark.parametrize(
    ("shape", "spatial", "grid", "channels", "kind"),
    [
        ((1, 512, 7, 7), (224, 224), (7, 7), 512, FIRST),
        ((1, 7, 7, 768), (224, 224), (7, 7), 768, LAST),
        ((1, 8, 8, 8), (224, 224), (8, 8), 8, FIRST),
        ((1, 64, 14, 7), (448, 224), (14, 7), 64, FIRST),
        ((1, 14, 7, 64), (448, 224), (14, 7), 64, LAST),
        ((1, 3, 1, 2), (32, 64), (1, 2), 3, FIRST),
        ((1, 2048, 5, 5), (299, 299), (5, 5), 2048, FIRST),
        ((1, 256, 12, 27), (227, 480), (12, 27), 256, FIRST),  # unpadded convolutions lose cells
        ((2, 1, 28, 28), (28, 28), (28, 28), 1, FIRST),
        ((2, 28, 28, 1), (28, 28), (28, 28), 1, LAST),
        ((1, 16, 100), (400,), (100,), 16, FIRST),
        ((1, 100, 16), (400,), (16,), 100, FIRST),  # in one dimension both fit: channels come first
        ((1, 32, 4, 14, 14), (16, 112, 112), (4, 14, 14), 32, FIRST),  # time shrinks otherwise than space
        ((1, 8, 14, 14, 96), (16, 112, 112), (8, 14, 14), 96, LAST),
        ((1, 8, 32, 14, 14), (16, 112, 112), None, 0, ""),  # … but it does not grow
        ((1, 32, 4, 28, 28), (16, 112, 112), (4, 28, 28), 32, FIRST),
        ((1, 4, 28, 28, 32), (16, 112, 112), (4, 28, 28), 32, LAST),
        ((1, 512, 1, 1), (224, 224), None, 0, ""),
        ((1, 1, 1, 512), (224, 224), None, 0, ""),
        ((1, 2, 1, 1), (224, 224), None, 0, ""),  # two pooled channels are no grid of 2x1 cells
        ((1, 1, 1, 3), (224, 224), None, 0, ""),
        ((1, 16, 1), (400,), None, 0, ""),
        ((1, 1, 400), (400,), (400,), 1, FIRST),
        ((1, 1000), (224, 224), None, 0, ""),
        ((1, 197, 768), (224, 224), None, 0, ""),
        ((2, 512, 7, 7), (224, 224), None, 0, ""),  # not one row an image
        ((1, 512, 0, 0), (224, 224), None, 0, ""),
        ((1, 12, 197, 50), (224, 224), None, 0, ""),
        ((), (224, 224), None, 0, ""),
    ],
)
def test_reading(
    shape: tuple[int, ...], spatial: tuple[int, ...], grid: tuple[int, ...] | None, channels: int, kind: str
) -> None:
    expected = None if grid is None else LayerInfo("a", grid, channels, kind)
    assert read("a", shape, 1 if shape[:1] != (2,) or grid is None else 2, spatial) == expected


@given(st.lists(st.integers(2, 40), min_size=1, max_size=3), st.integers(1, 64), st.integers(1, 32), st.integers(1, 3))
def test_a_scaled_grid_is_always_read(grid: list[int], channels: int, stride: int, n: int) -> None:
    spatial = [g * stride for g in grid]
    found = read("a", (n, channels, *grid), n, spatial)
    assert found is not None and math.prod(found.grid) > 1
    tensor = torch.zeros(n, channels, *grid)
    assert found.channels_first(tensor).shape == (n, found.channels, *found.grid)
    if found.kind == FIRST:
        assert (found.grid, found.channels) == (tuple(grid), channels)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), st.integers(1, 5), st.integers(0, 5), st.integers(1, 3))
def test_tokens_are_read_row_by_row_after_the_prefix(grid: list[int], channels: int, prefix: int, n: int) -> None:
    info = LayerInfo("a", tuple(grid), channels, "tokens", prefix=prefix)
    cells = torch.randn(n, channels, *grid)
    tokens = torch.cat([torch.full((n, prefix, channels), math.nan), cells.flatten(2).transpose(1, 2)], 1)
    assert torch.equal(info.channels_first(tokens), cells)


def test_channels_last_networks_are_read_and_explained_alike(x: Tensor) -> None:
    class Last(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.permute(0, 2, 3, 1)

    class First(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.permute(0, 3, 1, 2)

    conv, act, fc = nn.Conv2d(3, 40, 3, stride=4), nn.ReLU(), nn.Linear(40, 5)
    usual = nn.Sequential(conv, act, nn.AdaptiveAvgPool2d(1), nn.Flatten(), fc)
    turned = nn.Sequential(conv, Last(), act, First(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), fc)
    first, last = CamEngine(usual).record(x), CamEngine(turned).record(x)
    assert (last.layers["2"].kind, last.layers["2"].grid, last.layers["2"].channels) == (LAST, (8, 8), 40)
    for variant in ("gradcam", "gradcam++", "hirescam", "guided_relu"):
        torch.testing.assert_close(last.cams([0, 3], "2", variant), first.cams([0, 3], "1", variant))


@pytest.mark.parametrize(
    ("conv", "pool", "shape", "grid"),
    [
        (nn.Conv1d, nn.AdaptiveAvgPool1d, (2, 3, 40), (10,)),
        (nn.Conv3d, nn.AdaptiveAvgPool3d, (2, 3, 8, 16, 16), (2, 4, 4)),
    ],
    ids=["1d", "3d"],
)
def test_other_dimensions(conv: type, pool: type, shape: tuple[int, ...], grid: tuple[int, ...]) -> None:
    model = nn.Sequential(
        conv(3, 6, 3, stride=2, padding=1), nn.ReLU(), conv(6, 8, 3, stride=2, padding=1), nn.ReLU(),
        pool(1), nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip
    recording = CamEngine(model).record(torch.randn(shape))
    assert (recording.default_layer, recording.layers["3"].grid) == ("3", grid)
    weights = model[-1].weight[1].detach() / math.prod(grid)
    expected = torch.einsum("c,nc...->n...", weights, recording.activations())
    torch.testing.assert_close(recording.cams([1], variant="gradcam")[:, 0], expected)


@pytest.mark.parametrize("classes", [2, 3])
def test_pooled_score_maps_of_few_classes_are_no_grid(classes: int, x: Tensor) -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, classes, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    recording = CamEngine(model).record(x)
    assert recording.default_layer == "1"
    assert "3" not in recording.layers


# ---------------------------------------------------------------------- stages


def layer(name: str, side: int) -> LayerInfo:
    return LayerInfo(name, (side, side), 8, FIRST)


def test_stages_take_the_last_block_of_each_grid() -> None:
    names = [("conv", 32), ("b1.a", 16), ("b1", 16), ("b2.a", 8), ("b2", 8), ("b3", 4), ("b4", 2), ("b5", 2)]
    spine = [layer(*pair) for pair in names]
    assert pick_stages(spine, "b5") == ("conv", "b1", "b2", "b3", "b5")
    assert pick_stages(spine, "b3") == ("conv", "b1", "b2", "b3")


def test_of_too_many_grids_the_finest_are_left_out() -> None:
    spine = [layer(f"b{i}", 2 ** (9 - i)) for i in range(9)]
    assert pick_stages(spine, "b8") == ("b3", "b4", "b5", "b6", "b7", "b8")


def test_too_few_are_filled_up_evenly() -> None:
    spine = [layer(f"b{i}", 8) for i in range(9)]
    stages = pick_stages(spine, "b8")
    assert len(stages) == 5 and stages[-1] == "b8"
    assert list(stages) == sorted(stages)
    assert pick_stages([layer("only", 4)], "only") == ("only",)


# ---------------------------------------------------------------------- families

FAMILIES = {
    # name: (side of the input, default layer)
    "alexnet": (224, "features.12"),  # 224, where the adaptive pooling before the classifier is a copy
    "vgg16": (224, "features.30"),
    "resnet18": (64, "layer4"),
    "densenet121": (64, "features.norm5"),
    "googlenet": (64, "inception5b"),
    "inception_v3": (107, "Mixed_7c"),  # its stem is unpadded: smaller inputs leave no grid
    "squeezenet1_0": (64, "features.12"),
    "mobilenet_v3_small": (64, "features.12"),
    "shufflenet_v2_x0_5": (64, "conv5"),
    "mnasnet0_5": (64, "layers.16"),
    "efficientnet_b0": (64, "features.8"),
    "regnet_y_400mf": (64, "trunk_output.block4"),
    "convnext_tiny": (64, "features.7"),
}
UNINITIALISED = ("googlenet", "inception_v3", "vgg16")  # whose own initialisation takes seconds


@cache
def recorded(name: str) -> Recording:
    keywords = {"init_weights": False} if name in UNINITIALISED else {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = torchvision.models.get_model(name, weights=None, **keywords)
        side = FAMILIES[name][0]
        return CamEngine(model).record(torch.randn(1, 3, side, side))


@pytest.mark.parametrize("name", FAMILIES)
def test_default_layer_of_torchvision_families(name: str) -> None:
    recording = recorded(name)
    assert recording.default_layer == FAMILIES[name][1]
    assert min(recording.layers[recording.default_layer].grid) >= 2
    assert recording.scores.shape == (1, 1000)


@pytest.mark.parametrize("name", FAMILIES)
def test_stages_of_torchvision_families(name: str) -> None:
    recording = recorded(name)
    stages, order = recording.stages, list(recording.layers)
    assert 5 <= len(stages) <= 6
    assert stages[-1] == recording.default_layer
    assert [order.index(s) for s in stages] == sorted(order.index(s) for s in stages)
    sides = [recording.layers[s].grid[0] for s in stages]
    assert sides == sorted(sides, reverse=True) and sides[0] >= 4 * sides[-1]
    assert {n for n, info in recording.layers.items() if info.stage} == set(stages)
    assert set(stages) <= set(recording.steps) <= set(recording.layers)


@pytest.mark.parametrize("name", FAMILIES)
def test_steps_of_torchvision_families_hold_no_copies_and_no_score_maps(name: str) -> None:
    recording = recorded(name)
    assert all(recording.layers[step].channels != 1000 for step in recording.steps)
    kept = [recording.activations(step) for step in recording.steps[-3:]]
    for before, after in pairwise(kept):
        assert before.shape != after.shape or not torch.equal(before, after)


def test_score_maps_and_pooling_are_still_on_offer() -> None:
    recording = recorded("squeezenet1_0")
    assert recording.layers["classifier.1"].channels == 1000
    assert "classifier.1" not in recording.steps
    assert recording.cam(0, "classifier.1").shape == (1, 3, 3)


def test_every_layer_of_a_network_can_be_explained(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    gradients = recording.gradients(5, list(recording.layers))
    for name, info in recording.layers.items():
        assert gradients[name].shape == (2, info.channels, *info.grid)
        assert recording.cam(5, name).shape == (2, *info.grid)
    assert sum(float(g.abs().sum()) > 0 for g in gradients.values()) == len(gradients)


def test_a_stem_that_pools_does_not_stand_for_the_finer_grid_inside_of_it() -> None:
    def layer(name: str, side: int) -> LayerInfo:
        return LayerInfo(name, (side, side), 8, "channels_first")

    spine = [layer("early.0", 32), layer("early.1", 32), layer("early", 16), layer("middle.0", 16), layer("late", 8)]
    assert pick_stages(spine, "late", least=3) == ("early.1", "middle.0", "late")
    assert pick_stages(spine, "late", least=5) == ("early.0", "early.1", "early", "middle.0", "late")
