"""Where cells look: the arithmetic on the graph agrees with what gradients say, in networks of many kinds."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from camwidget.engine import CamEngine, Field, Recording, upsample


class Head(nn.Module):
    """Features, their mean, and scores: a classifier of whatever is to be looked at."""

    def __init__(self, *features: nn.Module, channels: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(*features)
        self.fc = nn.Linear(channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).flatten(2).mean(2))


class Cropping(nn.Module):
    """Unpadded on one side, cropped unevenly on the other; a branch that sees more than its neighbour."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 5), nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x)[:, :, 1::2, :-6:2] + self.b(x)[:, :, 3:-2:2, 2:-8:2]


class Padding(nn.Module):
    """Pads before, as TF's "same" does: more on the right than on the left."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 2, 0)))


class ChannelsLast(nn.Module):
    """Patches merged by slices of a channels-last tensor, as in Swin."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.merge = nn.Conv2d(3, 4, 2, 2), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).permute(0, 2, 3, 1)
        parts = [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
        return self.merge(torch.cat(parts, -1)).permute(0, 3, 1, 2)


class Gated(nn.Module):
    """Squeeze and excitation: each cell's gate has seen everything."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * self.gate(x.mean((2, 3), keepdim=True)).sigmoid()


def torchvisions(name: str, **more: object) -> Callable[[], nn.Module]:
    return lambda: torchvision.models.get_model(name, weights=None, **more)


def timms(name: str) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        timm = pytest.importorskip("timm", reason="timm is not installed")
        model: nn.Module = timm.create_model(name)
        return model

    return make


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], str]] = {
    "AlexNet": (torchvisions("alexnet"), (224, 224), "features.11"),
    "VGG": (torchvisions("vgg11"), (80, 96), "features.14"),
    "ResNet": (torchvisions("resnet18"), (160, 130), "layer2"),
    "DenseNet": (torchvisions("densenet121"), (96, 96), "features.denseblock1"),
    "Inception": (torchvisions("inception_v3", init_weights=False), (150, 150), "Mixed_5c"),
    "SqueezeNet": (torchvisions("squeezenet1_0"), (192, 224), "features.12"),
    "MobileNet": (torchvisions("mobilenet_v2"), (96, 97), "features.6"),
    "ShuffleNet": (torchvisions("shufflenet_v2_x1_0"), (80, 80), "stage2"),
    "ConvNeXt": (torchvisions("convnext_tiny"), (128, 128), "features.1"),
    "TF's padding": (timms("tf_efficientnetv2_b0"), (96, 96), "blocks.2"),
    "dilated": (
        lambda: Head(nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.Conv2d(4, 4, 3, dilation=5, padding=3)),
        (90, 70),
        "features",
    ),
    "cropping": (lambda: Head(Cropping()), (40, 48), "features"),
    "padding": (lambda: Head(Padding()), (40, 47), "features"),
    "channels last": (lambda: Head(ChannelsLast()), (40, 48), "features"),
    "1-D": (
        lambda: Head(nn.Conv1d(40, 8, 5), nn.ReLU(), nn.MaxPool1d(2), nn.AvgPool1d(3, 1), nn.Conv1d(8, 4, 15)),
        (300,),
        "features",
    ),
    "3-D": (
        lambda: Head(nn.Conv3d(3, 4, (3, 5, 5), 2, (0, 2, 2)), nn.MaxPool3d((1, 3, 3), 1)),
        (24, 40, 33),
        "features",
    ),
}


def middle(field: Field) -> tuple[int, ...]:
    """The cell whose field is nearest to the middle of the input."""
    spans = zip(field.centre, field.step, field.grid, field.input, strict=True)
    return tuple(min(max(round((n / 2 - centre) / step), 0), cells - 1) for centre, step, cells, n in spans)


def probed(recording: Recording, layer: str, cell: tuple[int, ...]) -> Tensor:
    """How strongly a cell depends on each sample of the input, ``(*spatial)``: by gradients, over all images."""
    output, info = recording._tape.entries[layer].output, recording.layers[layer]
    total = torch.zeros(recording.x.shape[2:])
    leaf = torch.autograd.graph.GradientEdge(recording._tape.source, 0)
    for _ in range(3):
        start = torch.zeros_like(output)
        grid = info.channels_first(start)
        grid[(slice(None), slice(None), *cell)] = torch.randn(grid.shape[:2])
        (found,) = torch.autograd.grad(output, [leaf], start, retain_graph=True)
        total += found.abs().sum((0, 1))
    return total


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_cell_depends_on_exactly_what_it_is_said_to_see(name: str) -> None:
    make, size, layer = NETWORKS[name]
    model = make().eval()
    channels = 40 if len(size) == 1 else 3
    recording = CamEngine(model).record(torch.randn(3, channels, *size))
    field = recording.fields(layer)
    assert field is not None
    cell = middle(field)
    there = probed(recording, recording.resolve(layer), cell).nonzero()
    found = [(float(low), float(high) + 1) for low, high in zip(there.amin(0), there.amax(0), strict=True)]
    assert found == list(field.sees(cell))
    # and wholly within the input, so that centre and step are known, not only where it is cut off
    assert any(high - low == side for (low, high), side in zip(found, field.size, strict=True))


@pytest.mark.parametrize(
    "enlarging",
    [
        nn.ConvTranspose2d(4, 4, 2, 2),
        nn.ConvTranspose2d(4, 4, 4, 2, 1),
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(scale_factor=1.5, mode="bicubic"),
        nn.Upsample(size=(9, 11), mode="bilinear", align_corners=True),
        nn.AdaptiveAvgPool2d((7, 9)),
        nn.PixelShuffle(2),
    ],
    ids=lambda module: type(module).__name__,
)
def test_cells_that_share_what_they_see_are_said_to_see_no_less(enlarging: nn.Module) -> None:
    channels = 1 if isinstance(enlarging, nn.PixelShuffle) else 4
    recording = CamEngine(Head(nn.Conv2d(3, 4, 4, 4), enlarging, channels=channels)).record(torch.randn(2, 3, 40, 48))
    field = recording.fields("features.1")
    assert field is not None
    cell = middle(field)
    there = probed(recording, recording.resolve("features.1"), cell).nonzero()
    for i, (low, high) in enumerate(field.sees(cell)):
        found = there[:, i].amin().item(), there[:, i].amax().item() + 1
        assert low <= found[0] + 1e-6 and found[1] <= high + 1e-6
        # each end at most one coarse cell off: the fine ones take turns
        assert high - low <= found[1] - found[0] + 2 * 4


@pytest.mark.parametrize("name", ["efficientnet_b0", "resnet18", pytest.param("inception_v3", marks=pytest.mark.slow)])
def test_deep_cells_look_where_the_weight_of_their_gradients_lies(name: str) -> None:
    """Their fields are cut off by the input; the middle of what they depend on is not."""
    side = 331 if name == "inception_v3" else 320
    model = torchvision.models.get_model(name, weights=None, **({"init_weights": False} if side == 331 else {})).eval()
    recording = CamEngine(model).record(torch.randn(1, 3, side, side))
    layer = recording.default_layer
    field = recording.fields(layer)
    assert field is not None
    cell = middle(field)
    depends = probed(recording, layer, cell)
    samples = torch.arange(side) + 0.5
    for axis in (0, 1):
        weight = depends.sum(1 - axis)
        centroid = float((weight * samples).sum() / weight.sum())
        assert abs(centroid - (field.centre[axis] + field.step[axis] * cell[axis])) < 0.2 * field.step[axis]


def test_a_gate_over_the_mean_lets_each_cell_see_everything() -> None:
    recording = CamEngine(Head(Gated())).record(torch.randn(2, 3, 32, 32))
    field, before = recording.fields("features"), recording.fields("features.0.conv")
    assert field is not None and before is not None
    assert field.size == (math.inf, math.inf) and field.centre == before.centre == (0.5, 0.5)
    assert before.size == (3.0, 3.0)
    assert field.sees((0, 15)) == ((0.0, 32.0), (0.0, 32.0))
    assert (probed(recording, recording.resolve("features"), (0, 15)) > 0).all()


def test_the_tokens_of_a_transformer_stay_at_their_patches_and_see_everything() -> None:
    model = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5).eval()
    recording = CamEngine(model).record(torch.randn(1, 3, 32, 32))
    attended = False
    for layer in recording.layers:
        field = recording.fields(layer)
        assert field is not None and field.centre == (4.0, 4.0) and field.step == (8.0, 8.0)
        attended |= "self_attention" in layer
        assert field.size == ((math.inf, math.inf) if attended else (8.0, 8.0))
        assert field.place is None
    assert attended


def test_windows_of_attention_see_their_windows() -> None:
    model = torchvision.models.swin_t(weights=None).eval()
    recording = CamEngine(model).record(torch.randn(1, 3, 224, 224))
    field = recording.fields("features.1.0")
    assert field is not None and field.centre == (2.0, 2.0) and field.step == (4.0, 4.0)
    # 7 x 7 tokens of 4 samples, wherever in the window the cell is
    assert field.size == (4.0 + 2 * 6 * 4.0,) * 2
    there = probed(recording, "features.1.0", (20, 23)).nonzero()
    for i, (low, high) in enumerate(field.sees((20, 23))):
        assert low <= there[:, i].amin() and there[:, i].amax() + 1 <= high
    last = recording.fields(recording.default_layer)
    assert last is not None and last.step == (32.0, 32.0) and last.misplaced == 0


def test_what_cannot_be_followed_is_not_guessed() -> None:
    class Mirror(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flip(3)

    recording = CamEngine(Head(nn.Conv2d(3, 4, 3), Mirror(), nn.Conv2d(4, 4, 3))).record(torch.randn(1, 3, 20, 20))
    assert recording.fields("features.0") is not None
    assert recording.fields("features") is None


def test_fields_are_measured_once_for_a_size_of_input(monkeypatch: pytest.MonkeyPatch, cnn: nn.Module) -> None:
    from camwidget.engine import recording as module

    measured: list[int] = []
    original = module.measure
    monkeypatch.setattr(module, "measure", lambda *args: measured.append(1) or original(*args))
    engine = CamEngine(cnn)
    for side in (32, 32, 40):
        recording = engine.record(torch.randn(1, 3, side, side))
        assert not measured or side == 40 or measured == [1]
        for layer in recording.layers:
            recording.fields(layer)
    assert measured == [1, 1]
    with pytest.raises(ValueError, match="unknown layer 'lats'; did you mean 'last'"):
        recording.fields("lats")


def test_a_wake_word_is_seen_where_it_is_said(shared_data: Path) -> None:
    spec = importlib.util.spec_from_file_location("models", shared_data / "models.py")
    assert spec is not None and spec.loader is not None
    models = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(models)
    network, _ = models.wakeword_1d()
    field = CamEngine(network).record(torch.randn(1, 40, 311)).fields("features.3")
    assert field is not None
    # step i is centred on frame i + 14.5, whose middle is 0.5 further on
    assert (field.centre, field.step, field.size) == ((15.0,), (1.0,), (30.0,))
    assert field.sees((122,)) == ((122.0, 152.0),)
    # 0.46 s at 32 ms a frame, which is 13 steps
    assert field.misplaced * 311 / 282 * 0.032 == pytest.approx(0.46, abs=0.01)
    assert field.place is not None


def test_only_what_is_off_by_more_than_half_a_cell_is_placed() -> None:
    evenly = Field((4.0,), (8.0,), (9.0,), (4,), (32,))
    assert evenly.misplaced == 0 and evenly.place is None
    off = Field((0.0,), (8.0,), (9.0,), (4,), (32,))
    assert off.misplaced == 0.5 and off.place is None
    more = Field((-0.5,), (8.0,), (9.0,), (4,), (32,))
    assert more.misplaced == 0.5625 and more.place == ((-0.5 / 32, 0.25),)
    at_the_end = Field((4.0,), (6.4,), (9.0,), (4,), (32,))
    assert at_the_end.misplaced == pytest.approx(0.6) and at_the_end.place is not None


class Unpadded(nn.Module):
    """Sees bright dots: convolutions without padding, whose positive weights let nothing through but the dot."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 2, 5, 2), nn.ReLU(), nn.Conv2d(2, 2, 5, 2), nn.ReLU())
        self.fc = nn.Linear(2, 2)
        for parameter in self.parameters():
            nn.init.constant_(parameter, 1.0 if parameter.ndim > 1 else 0.0)
        # brightest in the middle of each window, so that the peak is one cell
        bump = torch.tensor([1.0, 2.0, 3.0, 2.0, 1.0])
        with torch.no_grad():
            for conv in (self.features[0], self.features[2]):
                conv.weight.copy_((bump[:, None] * bump).expand_as(conv.weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).mean((2, 3)))


@settings(max_examples=40, deadline=None)
@given(st.integers(11, 49), st.integers(11, 57))  # beyond the outermost cells' centres a map is level
def test_the_peak_of_a_placed_map_follows_a_dot_and_mirrors_with_it(y: int, x: int) -> None:
    size = (61, 69)
    engine = CamEngine(Unpadded())
    for flipped in (False, True):
        image = torch.zeros(1, 1, *size)
        column = size[1] - 1 - x if flipped else x
        image[0, 0, y, column] = 1
        recording = engine.record(image)
        field = recording.fields("features")
        assert field is not None and field.place is not None
        map_ = upsample(recording.cam(0, "features"), size, "bilinear", field.place)[0]
        row, peak = divmod(int(map_.argmax()), size[1])
        # within half a cell of 4 samples: of two cells that see it alike either may be the peak
        assert abs(row - y) <= 2 and abs(peak - column) <= 2


def test_plain_stretching_would_miss_the_dot() -> None:
    image = torch.zeros(1, 1, 61, 69)
    image[0, 0, 7, 7] = 1
    recording = CamEngine(Unpadded()).record(image)
    peak = int(upsample(recording.cam(0, "features"), (61, 69))[0].argmax())
    assert max(abs(peak // 69 - 7), abs(peak % 69 - 7)) > 2
