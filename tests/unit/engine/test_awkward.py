"""Networks that do what others do not: each once gave a wrong map, a wrong layer, an error or a trace."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.methods.eigen import eigencam
from camwidget.engine.targets import Target
from tests.unit.engine.networks import relative_error

# ---------------------------------------------------------------------- layers


class Plain(nn.Module):
    """Two blocks that keep shape, without biases: of a blank picture all is zero."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, bias=False)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.relu(self.conv2(F.relu(self.conv1(x)))).mean((2, 3)))


def test_a_blank_picture_does_not_decide_which_layers_those_after_it_have(x: Tensor) -> None:
    engine = CamEngine(Plain())
    engine.record(torch.zeros_like(x))
    assert engine.record(x).default_layer == CamEngine(engine.model).record(x).default_layer == "conv2"


def test_a_block_that_begins_as_the_identity_is_a_layer_once_it_is_trained(x: Tensor) -> None:
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 1, bias=False), *head)
    nn.init.dirac_(model[1].weight)
    engine = CamEngine(model)
    assert engine.record(x).default_layer == "0"
    with torch.no_grad():
        model[1].weight += 0.1
    assert engine.record(x).default_layer == "1"


@pytest.mark.parametrize(("channels", "size"), [(6, (19, 23)), (8, (23, 31)), (12, (40, 33)), (9, (27, 19))])
def test_few_channels_are_not_taken_for_rows(channels: int, size: tuple[int, int]) -> None:
    model = nn.Sequential(
        *(nn.Conv2d(3, channels, 3, stride=2), nn.ReLU(), nn.Conv2d(channels, channels, 3), nn.ReLU()),
        *(nn.Conv2d(channels, channels, 3), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 5)),
    )
    x = torch.randn(2, 3, *size)
    recording = CamEngine(model).record(x)
    for name, layer in recording.layers.items():
        assert (layer.channels, layer.grid) == (channels, tuple(model[: int(name) + 1](x).shape[2:]))


# ---------------------------------------------------------------------- all classes


class Made(nn.Module):
    """The weights of the last layer, or its bias, are made of the very features that it is given."""

    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, stride=2)
        self.make = nn.Linear(6, 5 if bias else 30)
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.relu(self.conv(x)).mean((2, 3))
        if self.bias:
            return torch.addmm(self.make(pooled), pooled, self.make.weight.t())
        return pooled @ self.make(pooled).view(6, 5)


@pytest.mark.parametrize("bias", [False, True])
def test_a_last_layer_that_the_features_make_is_no_constant(bias: bool, x: Tensor) -> None:
    recording = CamEngine(Made(bias)).record(x[:1])
    assert recording.all_at_once()
    assert relative_error(recording.all_cams(), recording.cams(range(5))) <= 1e-4


# ---------------------------------------------------------------------- run again


class Shared(nn.Module):
    """One rectifier for grids and, last, for vectors; and a convolution that is called past its hooks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1)
        self.relu = nn.ReLU()
        self.fc1, self.fc2 = nn.Linear(8, 7), nn.Linear(7, 5)

    def after(self, grid: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(grid.mean((2, 3)))))

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.relu(self.conv2.forward(self.relu(self.conv1(x)))))


@pytest.mark.parametrize("layer", ["relu", "conv2"])
def test_a_layer_that_runs_on_vectors_too_or_is_called_past_its_hooks(layer: str, x: Tensor) -> None:
    model = Shared().eval()
    recording = CamEngine(model).record(x)
    a = recording.activations(layer)
    with torch.no_grad():
        rectified = model.relu if layer == "conv2" else nn.Identity()
        scores = model.after(rectified(a))[:, 2]
        weights = []
        for channel in range(8):
            off = a.clone()
            off[:, channel] = 0
            weights.append((scores - model.after(rectified(off))[:, 2]) / scores.abs())
    expected = torch.einsum("kn,nkhw->nhw", torch.stack(weights), a)
    assert relative_error(recording.cams([2], layer, "ablationcam")[:, 0], expected) <= 1e-4
    assert recording.cam(2, layer, "smoothgradcam++").shape == expected.shape


def test_values_that_were_overwritten_behind_a_layer_called_past_its_hooks(x: Tensor) -> None:
    class Over(Shared):
        def forward(self, x: Tensor) -> Tensor:
            first = self.conv1.forward(x)
            expected.append(first.detach().clone())
            return self.after(self.conv2(first.relu_()))

    expected: list[Tensor] = []
    recording = CamEngine(Over()).record(x)
    assert torch.equal(recording.activations("conv1"), expected[0])


class Mixing(nn.Module):
    """Statistics of the batch also in evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2)
        self.norm = nn.BatchNorm2d(6, track_running_stats=False)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1)
        self.fc = nn.Linear(8, 5)

    def after(self, grid: Tensor) -> Tensor:
        return self.fc(F.relu(self.conv2(self.norm(grid))).mean((2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.conv1(x))


def test_an_image_whose_scores_depend_on_its_company_is_run_alone(x: Tensor) -> None:
    model, alone = Mixing(), x[:1]
    recording = CamEngine(model).record(alone)
    a = recording.activations("conv1")
    lost, masked = [], []
    with torch.no_grad():
        for channel in range(6):
            off = a.clone()
            off[:, channel] = 0
            lost.append(1 - model.after(off)[0, 2] / model(alone)[0, 2])
            mask = F.interpolate(a[:, channel : channel + 1], x.shape[2:], mode="bilinear")
            masked.append(model(alone * (mask - mask.min()) / (mask.max() - mask.min()))[0, 2])
        sign = model(alone)[0, 2].sign()
    for variant, weights in ("ablationcam", sign * torch.stack(lost)), ("scorecam", torch.stack(masked).softmax(0)):
        expected = torch.einsum("k,nkhw->nhw", weights, a)
        assert relative_error(recording.cams([2], "conv1", variant)[:, 0], expected) <= 1e-4


@pytest.mark.parametrize("variant", ["ablationcam", "scorecam", "smoothgradcam++"])
def test_a_network_for_batches_of_one_size(variant: str, x: Tensor) -> None:
    class Sized(Mixing):
        def forward(self, x: Tensor) -> Tensor:
            return self.after(self.conv1(x)).view(2, 5)

    assert CamEngine(Sized()).record(x[:2]).cam(2, variant=variant).isfinite().all()


# ---------------------------------------------------------------------- what is the user's


class Holder:
    """No module, and holds some."""

    def __init__(self, modules: object) -> None:
        self.modules = modules


@pytest.mark.parametrize("form", [list, dict])
def test_modules_that_an_object_holds_in_a_list_are_those_of_the_twin(form: type, x: Tensor) -> None:
    class Held(Mixing):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(6)
            self.holder = Holder([self.norm] if form is list else {0: self.norm})

        def after(self, grid: Tensor) -> Tensor:
            return self.fc(F.relu(self.conv2(self.holder.modules[0](grid))).mean((2, 3)))

    model = Held().train()
    CamEngine(model).record(x).cam(1)
    assert int(model.norm.num_batches_tracked) == 0
    assert not bool(model.norm.running_mean.any())


@pytest.mark.parametrize("name", ["activations", "gradients", "scores"])
def test_what_users_write_to_the_answers_reaches_none_that_follow(name: str, x: Tensor) -> None:
    recording = CamEngine(Shared()).record(x)
    before = recording.cam(2, variant="hirescam")
    if name == "gradients":
        recording.gradients(2)[recording.default_layer].zero_()
    else:
        (recording.scores if name == "scores" else recording.activations()).zero_()
    assert torch.equal(recording.cam(2, variant="hirescam"), before)
    assert bool(recording.cam(3, variant="hirescam").any())


# ---------------------------------------------------------------------- tokens


class Registers(nn.Module):
    """A class token before the patches, where it is wanted, and registers behind them."""

    def __init__(self, ahead: int, behind: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 4, stride=4)
        self.first = nn.Parameter(torch.randn(1, ahead, 12))
        self.last = nn.Parameter(torch.randn(1, behind, 12))
        self.block = nn.TransformerEncoderLayer(12, 2, 24, 0.0, batch_first=True)
        self.begin, self.norm, self.fc = nn.LayerNorm(12), nn.LayerNorm(12), nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        cells = self.patches(x).flatten(2).transpose(1, 2)
        ends = [part.expand(len(x), -1, -1) for part in (self.first, self.last)]
        tokens = self.begin(torch.cat([ends[0], cells, ends[1]], 1))
        return self.fc(self.norm(self.block(tokens)).mean(1))


@pytest.mark.parametrize(("ahead", "behind"), [(1, 4), (0, 4), (2, 1), (3, 0)])
def test_registers_may_stand_behind_the_patches(ahead: int, behind: int) -> None:
    recording = CamEngine(Registers(ahead, behind).eval()).record(torch.randn(2, 3, 16, 24))
    layer = recording.layers[recording.default_layer]
    assert (layer.kind, layer.grid, layer.prefix) == ("tokens", (4, 6), ahead)


# ---------------------------------------------------------------------- signs, fields and sentences


def test_the_sign_of_eigencam_is_not_left_to_rounding() -> None:
    torch.manual_seed(0)
    values = F.layer_norm(torch.randn(40, 16, 12), (12,)).transpose(1, 2)  # sums over channels are 0
    made = eigencam(values)
    largest = made.gather(1, made.abs().argmax(1, keepdim=True))
    assert bool((largest > 0).all())


def test_cells_behind_a_recurrent_layer_see_everything() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.lstm, self.fc = nn.Conv1d(1, 4, 3), nn.LSTM(4, 4, batch_first=True), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.lstm(self.conv(x).transpose(1, 2))[0].mean(1))

    recording = CamEngine(Recurrent()).record(torch.randn(1, 1, 20))
    field = recording.fields("lstm")
    assert field is None or field.size == (torch.inf,)


def test_fields_do_not_ask_for_weights_that_were_trained_since(x: Tensor) -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    recording = CamEngine(model).record(x)
    with torch.no_grad():
        model[1].weight += 1
    field = recording.fields("1")
    assert field is None or field.size == (5, 5)


def test_equal_scores_say_nothing_of_what_a_callable_looks_at(x: Tensor) -> None:
    class Untrained(Shared):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            features = self.conv2(self.relu(self.conv1(x))).mean((2, 3))
            return {"features": features, "logits": features @ torch.zeros(8, 5)}

    recording = CamEngine(Untrained().eval()).record(x)

    def strongest(output: dict[str, Tensor]) -> Tensor:
        return output["features"].pow(2).sum(1)

    assert bool(recording.cam(strongest).any())
    reason = recording.why(strongest)
    assert reason is None or reason.id == "training"


def test_an_image_that_is_not_there_and_a_gamma_that_would_be_lost(x: Tensor) -> None:
    recording = CamEngine(Shared()).record(x[:2])
    with pytest.raises(ValueError, match="image is 2, and the batch has 2; accepted: 0 to 1"):
        recording.why(1, image=2)
    with pytest.raises(TypeError, match="gamma is given beside a Target"):
        recording.cam(Target(1, against=2), gamma=0.5)
