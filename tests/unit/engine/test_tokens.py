"""Sequences of tokens are understood as grids, by the grids before them; and the default layer is one that is seen."""

from __future__ import annotations

import math

import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.tokens import MOST_BEFORE, Grids
from tests.sweep import other_networks
from tests.sweep.checks import Network, check, weighted
from tests.sweep.other_networks import Mixer, Transformer

# ---------------------------------------------------------------------- lengths


@given(st.lists(st.integers(2, 30), min_size=1, max_size=3), st.integers(0, MOST_BEFORE))
def test_the_length_of_a_sequence_is_a_grid_seen_before_and_the_tokens_before_it(grid: list[int], before: int) -> None:
    grids = Grids([16 * side for side in grid])
    grids.add(tuple(grid))
    assert grids.find(math.prod(grid) + before) == (tuple(grid), before)


def test_of_two_grids_that_fit_the_one_with_the_prefix_of_the_sequences_before_is_taken() -> None:
    grids = Grids((24, 24))
    grids.add((2, 2))
    assert grids.find(5) == ((2, 2), 1)
    grids.add((1, 3))
    assert grids.find(4) == ((2, 2), 0)
    grids.add((1, 4))
    assert grids.find(5) == ((1, 4), 1)  # the latest


@pytest.mark.parametrize(
    ("grid", "length", "merged"),
    [
        ((56, 56), 28 * 28, (28, 28)),  # HF Swin
        ((14, 14), 49, (7, 7)),
        ((7, 7), 16, (4, 4)),  # LeViT rounds up
        ((24, 48), 12 * 24, (12, 24)),
        ((8, 56, 56), 8 * 28 * 28, (8, 28, 28)),  # MViT pools in space only
        ((8, 14, 14), 4 * 7 * 7, (4, 7, 7)),
        ((100,), 50, (50,)),
    ],
)
def test_merged_cells(grid: tuple[int, ...], length: int, merged: tuple[int, ...]) -> None:
    grids = Grids([4 * side for side in grid])
    grids.add(grid)
    assert grids.find(length) == (merged, 0)
    assert grids.find(length) == (merged, 0)


def test_a_class_token_stays_when_cells_are_merged() -> None:
    grids = Grids((16, 224, 224))
    grids.add((8, 56, 56))
    assert grids.find(8 * 56 * 56 + 1) == ((8, 56, 56), 1)
    assert grids.find(8 * 28 * 28 + 1) == ((8, 28, 28), 1)


@pytest.mark.parametrize(
    ("spatial", "length", "grid", "before"),
    [
        ((224, 224), 196, (14, 14), 0),
        ((224, 224), 197, (14, 14), 1),
        ((224, 448), 14 * 28 + 5, (14, 28), 5),
        ((4, 21, 21), 4 * 3 * 3, (4, 3, 3), 0),
    ],
)
def test_the_last_resort_are_the_proportions_of_the_input(
    spatial: tuple[int, ...], length: int, grid: tuple[int, ...], before: int
) -> None:
    assert Grids(spatial).find(length) == (grid, before)


@pytest.mark.parametrize("length", [1, 3, 10, 1000])
def test_what_no_grid_explains_is_no_grid(length: int) -> None:
    grids = Grids((224, 224))
    grids.add((14, 14))
    assert grids.find(length) is None


# ---------------------------------------------------------------------- networks


@pytest.mark.parametrize("network", [*other_networks.every()], ids=lambda network: network.name)
def test_small_networks_pass_the_sweep(network: Network) -> None:
    assert check(network).wrong == []


@pytest.mark.parametrize("library", ["swin", "vit", "mvit"])
def test_torchvisions_transformers_pass_the_sweep(library: str) -> None:
    made: dict[str, Network] = {
        "vit": Network("vit", "", vit, (32, 32), (8, 8), batch=2),
        "swin": Network("swin", "", swin, (32, 64), (4, 8), batch=2),
        "mvit": Network("mvit", "", mvit, (4, 32, 48), (2, 4, 6)),
    }
    found = check(made[library])
    assert found.wrong == []
    assert found.prefix == {"vit": 1, "swin": 0, "mvit": 1}[library]


def vit(layers: int = 3) -> nn.Module:
    return torchvision.models.VisionTransformer(
        image_size=32, patch_size=4, num_layers=layers, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=6
    )


def swin() -> nn.Module:
    return torchvision.models.SwinTransformer(
        patch_size=[4, 4], embed_dim=16, depths=[2, 2], num_heads=[2, 2], window_size=[4, 4], num_classes=6
    )


def mvit() -> nn.Module:
    from torchvision.models.video.mvit import MSBlockConfig, MViT

    blocks = [
        MSBlockConfig(
            num_heads=2, input_channels=16, output_channels=16, kernel_q=[], kernel_kv=[], stride_q=[], stride_kv=[]
        )
        for _ in range(3)
    ]
    return MViT(spatial_size=(32, 48), temporal_size=4, block_setting=blocks, residual_pool=False,
                residual_with_cls_embed=False, rel_pos_embed=False, proj_after_attn=True, num_classes=6,
                patch_embed_kernel=(2, 8, 8), patch_embed_stride=(2, 8, 8), patch_embed_padding=(0, 0, 0))  # fmt: skip


def test_the_default_of_a_class_token_transformer_is_the_last_norm_that_all_passes(x: Tensor) -> None:
    recording = CamEngine(weighted(vit())).record(x)
    assert recording.default_layer == "encoder.layers.encoder_layer_2.ln_1"
    assert recording.steps[-2:] == ("encoder.layers.encoder_layer_1", recording.default_layer)
    assert recording.stages[-1] == recording.default_layer
    below = recording.gradients(1, ["encoder.layers.encoder_layer_2", "encoder.ln"])
    assert not any(g.any() for g in below.values())
    assert not recording.cam(1, "encoder.layers.encoder_layer_2", "layercam").any()  # there is nothing to see; no error


@pytest.mark.parametrize("zero_head", [False, True])
def test_a_head_that_is_not_trained_yet_does_not_hide_the_default_layer(zero_head: bool, x: Tensor) -> None:
    model = weighted(vit())
    if zero_head:
        nn.init.zeros_(model.heads.head.weight)
    assert CamEngine(model).record(x).default_layer == "encoder.layers.encoder_layer_2.ln_1"


def test_queries_keys_and_values_in_one_are_not_the_default_layer() -> None:
    class Fused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.token = nn.Conv2d(3, 24, 8, 8), nn.Parameter(torch.randn(1, 1, 24))
            self.norm, self.qkv, self.proj = nn.LayerNorm(24), nn.Linear(24, 72), nn.Linear(24, 24)
            self.head = nn.Linear(24, 4)

        def forward(self, x: Tensor) -> Tensor:
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
            q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
            x = x + self.proj(nn.functional.scaled_dot_product_attention(q, k, v))
            return self.head(x[:, 0])

    recording = CamEngine(Fused().eval()).record(torch.randn(2, 3, 32, 48))
    assert recording.default_layer == "norm"
    assert {"qkv", "proj"} < set(recording.layers)


def test_a_backbone_around_all_blocks_names_no_place() -> None:
    class Backbone(Transformer):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            x = self.projection(x).flatten(2).transpose(1, 2)
            for layer in self.layer:
                x = layer(x)[0]
            return {"last_hidden_state": self.layernorm(x)}

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.classifier = Backbone((8, 8)), nn.Linear(36, 5)

        def forward(self, x: Tensor) -> Tensor:
            return self.classifier(self.backbone(x)["last_hidden_state"].mean(1))

    recording = CamEngine(Model().eval()).record(torch.randn(1, 3, 32, 48))
    assert recording.default_layer == "backbone.layernorm"
    assert recording.stages == (
        "backbone.projection",
        *(f"backbone.layer.{i}" for i in (1, 2, 3)),
        "backbone.layernorm",
    )
    assert recording.resolve("backbone") == "backbone.layernorm"


def test_maps_of_tokens_equal_a_hook_and_a_reshape_by_hand() -> None:
    torch.manual_seed(1)
    model, x = weighted(vit()), torch.randn(2, 3, 32, 32)
    seen: list[Tensor] = []
    handle = model.encoder.layers[-1].ln_1.register_forward_hook(lambda _m, _a, out: seen.append(out))
    scores = model(x)
    handle.remove()
    (g,) = torch.autograd.grad(scores[:, 2].sum(), seen[0])
    a, g = (t[:, 1:].transpose(1, 2).reshape(2, 32, 8, 8) for t in (seen[0], g))
    expected = (g.mean((2, 3), keepdim=True) * a).sum(1)
    torch.testing.assert_close(CamEngine(model).record(x).cams([2])[:, 0], expected.detach())


@pytest.mark.parametrize("before", [0, 1, 5])
def test_a_pooled_transformer_gives_all_classes_at_once(before: int) -> None:
    model = weighted(Transformer((8, 8), before=before, pooled=True))
    recording = CamEngine(model).record(torch.randn(2, 3, 32, 48))
    assert recording.default_layer == "layernorm" and recording.all_at_once()
    assert not recording.all_at_once("layer.2")  # a norm and a block lie between
    for variant in ("gradcam", "gradcam++", "hirescam", "layercam"):
        torch.testing.assert_close(
            recording.all_cams(variant=variant), recording.cams(range(5), variant=variant), rtol=1e-5, atol=1e-7
        )


def test_a_class_token_transformer_does_not_give_all_classes_at_once() -> None:
    recording = CamEngine(weighted(Transformer((8, 8)))).record(torch.randn(2, 3, 32, 48))
    assert not any(recording.all_at_once(name) for name in recording.steps)


def test_what_is_turned_inside_of_a_mixer_is_not_taken_for_tokens() -> None:
    recording = CamEngine(Mixer().eval()).record(torch.randn(2, 3, 32, 48))
    assert not any(name.startswith(("mixers.0", "mixers.2", "mixers.4")) for name in recording.layers)
    assert recording.layers["norms.1"].grid == recording.layers["mixers.1"].grid == (4, 6)
    assert recording.all_at_once()


def test_attention_matrices_are_no_grids(x: Tensor) -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.drop, self.split = nn.Dropout(), nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            heads = self.split(x.unflatten(2, (4, -1)).transpose(1, 2))  # (N, 4, 64, 64)
            matrix = self.drop((heads @ heads.transpose(2, 3)).softmax(-1))
            return x + (matrix @ heads).transpose(1, 2).flatten(2)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.attention, self.head = nn.Conv2d(3, 256, 4, 4), Attention(), nn.Linear(256, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.attention(self.patches(x).flatten(2).transpose(1, 2)).mean(1))

    recording = CamEngine(Model().eval()).record(x)
    assert set(recording.layers) == {"patches", "attention"}


def test_tokens_sorted_by_windows_are_left_out_until_they_lie_row_by_row_again() -> None:
    class Sorted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, 16, 4, 4)
            self.one, self.two, self.norm, self.head = (nn.Linear(16, n) for n in (16, 16, 16, 4))

        def forward(self, x: Tensor) -> Tensor:
            y = self.patches(x).permute(0, 2, 3, 1)
            y = y.unflatten(2, (4, 2)).unflatten(1, (4, 2)).permute(0, 2, 4, 1, 3, 5).flatten(1, 4)
            y = self.two(self.one(y))
            y = y.unflatten(1, (4, 16)).amax(1)  # 2x2 cells into one: row by row again
            return self.head(self.norm(y).mean(1))

    recording = CamEngine(Sorted().eval()).record(torch.randn(1, 3, 32, 32))
    assert list(recording.layers) == ["patches", "norm"]
    assert recording.layers["norm"].grid == (4, 4)


def test_a_known_layout_is_not_searched_again(monkeypatch: pytest.MonkeyPatch, x: Tensor) -> None:
    engine = CamEngine(weighted(vit()))
    first = engine.record(x)
    monkeypatch.setattr(torch.autograd, "grad", None)
    assert engine.record(x).default_layer == first.default_layer


def test_a_transformer_too_large_is_recorded_from_a_later_block_on(x: Tensor) -> None:
    model = weighted(vit(layers=6))
    whole = CamEngine(model).record(x)
    recording = CamEngine(model, memory=whole._layout.bytes * len(x) // 2).record(x)
    assert recording.left_out and {whole.resolve(name) for name in recording.layers} < set(whole.layers)
    assert recording.default_layer == whole.default_layer
    assert recording.layers[recording.default_layer].prefix == 1
    torch.testing.assert_close(recording.cams([1, 3]), whole.cams([1, 3]))


def test_spectrograms_whose_axes_are_coarsened_unlike_are_read_by_their_convolutions() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, (2, 1), 1), nn.ReLU(), nn.Conv2d(8, 8, 3, (4, 1), 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    ).eval()  # fmt: skip
    recording = CamEngine(model).record(torch.randn(1, 1, 64, 100))
    assert (recording.default_layer, recording.layers["3"].grid) == ("3", (8, 100))


def test_checkpointed_blocks_are_explained_alike(x: Tensor) -> None:
    from torch.utils.checkpoint import checkpoint

    class Checkpointed(nn.Module):
        def __init__(self, model: nn.Module, used: bool) -> None:
            super().__init__()
            self.model, self.used = model, used

        def forward(self, x: Tensor) -> Tensor:
            x = self.model.patches(x)
            for block in self.model.blocks:
                x = checkpoint(block, x, use_reentrant=False) if self.used else block(x)
            return self.model.head(x.mean((2, 3)))

    model = nn.Module()
    model.patches, model.head = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 4)
    model.blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()) for _ in range(3)])
    plain, kept = (CamEngine(Checkpointed(model, used).eval()).record(x) for used in (False, True))
    assert plain.default_layer == kept.default_layer
    torch.testing.assert_close(plain.cams([1, 2]), kept.cams([1, 2]))
