"""Ablation-CAM against a plain loop, one channel at a time, on networks of many forms; and against its closed form."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import CamEngine
from camwidget.engine.methods import suffix as suffix_module
from camwidget.engine.methods import tables as tables_module
from camwidget.engine.methods.suffix import Suffix
from camwidget.engine.targets import Target
from tests.unit.engine.networks import CASES, Dense, Residual, made, read, relative_error, replaced


def by_loop(model: nn.Module, x: Tensor, layer: str, case: str, score: int) -> Tensor:
    """``(y - y_k) / |y|`` times A_k, summed over the channels k, channels first."""
    seen = []
    scores = replaced(model, x, layer, lambda out: seen.append(read(case, out.clone())) or out)
    total = torch.zeros(len(x), *seen[0].shape[2:])
    for k in range(seen[0].shape[1]):

        def without(out: Tensor, k: int = k) -> Tensor:
            read(case, out)[:, k] = 0
            return out

        lost = scores[:, score] - replaced(model, x, layer, without)[:, score]
        weight = (lost / scores[:, score].abs()).reshape(-1, *(1,) * (x.ndim - 2))
        total += weight * seen[0][:, k]
    return total


@pytest.mark.parametrize("case", CASES)
def test_equals_a_plain_loop(case: str) -> None:
    model, x, layer = made(case)
    maps = CamEngine(model).record(x).cams(range(5), layer, "ablationcam")
    for score in range(5):
        assert relative_error(maps[:, score], by_loop(model, x, layer, case, score)) <= 1e-4


@pytest.mark.parametrize(
    ("case", "shares"),
    [
        ("residual, in the block", True),
        ("dense", False),
        ("dense, behind", True),
        ("mixed by a view", False),
        ("called for its side effect", False),
        ("channels last", True),
        ("tokens", False),
    ],
)
def test_layers_before_run_once_where_that_changes_nothing(case: str, shares: bool) -> None:
    model, x, layer = made(case)
    assert Suffix(CamEngine(model), x[:1], layer, None).shares is shares


def test_layers_before_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suffix_module, "chunk_rows", lambda *_: 2)
    model, runs = Residual().eval(), {"conv1": [], "conv3": []}
    for name, seen in runs.items():
        forward = model.get_submodule(name)._conv_forward

        def counted(*args: Tensor, forward=forward, seen=seen) -> Tensor:
            seen.append(len(args[0]))
            return forward(*args)

        model.get_submodule(name)._conv_forward = counted
    recording = CamEngine(model).record(torch.randn(1, 3, 16, 16))
    recording.activations("conv2")  # overwritten in place, so they take a pass of their own
    runs["conv1"].clear(), runs["conv3"].clear()
    recording.cam(0, "conv2", "ablationcam")
    # two see whether images know of each other, one sees what runs, and the plain run of two shows that this is right
    assert runs["conv1"] == [2, 1, 2]
    assert runs["conv3"] == [2, 1, 2, 2, 2, 2, 2, 2, 1]


@pytest.mark.parametrize("bias", [0.0, 5.0, -5.0])
def test_closed_form_behind_a_pooled_linear_head(bias: float, cnn: nn.Module, x: Tensor) -> None:
    """``w_k = W[c, k] mean(A_k) / |y|``, also for negative scores."""
    with torch.no_grad():
        cnn.fc.bias += bias
    recording = CamEngine(cnn).record(x)
    a = recording.activations("last")
    for score in range(6):
        y = recording.scores[:, score]
        weights = cnn.fc.weight[score].detach() * a.mean((2, 3)) / y.abs()[:, None]
        expected = torch.einsum("nc,nchw->nhw", weights, a)
        assert relative_error(recording.cams([score], "last", "ablationcam")[:, 0], expected) <= 1e-4


def test_a_score_of_zero_divides_nothing() -> None:
    model = Residual().eval()
    with torch.no_grad():
        model.fc.weight[2] = 0
        model.fc.bias[2] = 0
    assert torch.equal(
        CamEngine(model).record(torch.randn(1, 3, 16, 16)).cam(2, "conv2", "ablationcam"), torch.zeros(1, 8, 8)
    )


def test_one_run_answers_every_class(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x, layer = made("residual, in the block")
    engine = CamEngine(model)
    recording = engine.record(x)
    expected = recording.cams(range(5), layer, "ablationcam")
    recording, told = engine.record(x), []
    recording.cam(1, layer, "ablationcam", progress=lambda *done: told.append(done))
    assert told[-1] == (18, 18) and told == sorted(told)
    monkeypatch.setattr(engine, "run", lambda *_: pytest.fail("the network ran again"))
    assert torch.equal(recording.cams(range(5), layer, "ablationcam"), expected)


def test_large_tables_keep_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x, layer = made("dense")
    expected = CamEngine(model).record(x).cams([0, 4], layer, "ablationcam")
    monkeypatch.setattr(tables_module, "TABLE_BYTES", 0)
    recording = CamEngine(model).record(x)
    assert torch.equal(recording.cams([0, 4], layer, "ablationcam"), expected)
    assert torch.equal(recording.cams([4], layer, "ablationcam")[:, 0], expected[:, 1])


@pytest.mark.parametrize("method", ["ablationcam", "scorecam", "smoothgradcam++"])
@pytest.mark.parametrize("case", ["residual, in the block", "dense"])
def test_a_forward_of_the_users_own_and_callables_run_in_step(case: str, method: str) -> None:
    """What ``forward`` passes beside the images belongs to them: each run has as many, in their order."""
    model, x, layer = made(case)
    offset = torch.tensor([[2.0], [-3.0]])
    sizes = []

    def forward(given: nn.Module, images: Tensor) -> Tensor:
        sizes.append(len(images))
        return given(images) * offset

    class Scaled(nn.Module):
        def __init__(self, by: float) -> None:
            super().__init__()
            self.model, self.by = model, by

        def forward(self, images: Tensor) -> Tensor:
            return self.model(images) * self.by

    recording = CamEngine(model, forward=forward).record(x)
    found = recording.cams([0, 3], layer, method)
    assert set(sizes) == {2}
    for i in range(2):
        alone = CamEngine(Scaled(float(offset[i]))).record(x[i : i + 1])
        assert relative_error(found[i : i + 1], alone.cams([0, 3], f"model.{layer}", method)) <= 1e-4
    plain = CamEngine(model).record(x)
    called = plain.cam(lambda scores: scores[:, 3].sum(), layer, method)  # one number for the whole batch
    assert called.shape == plain.cam(3, layer, method).shape
    assert relative_error(plain.cam(lambda scores: scores[:, 3], layer, method), plain.cam(3, layer, method)) <= 1e-4


@pytest.mark.parametrize("method", ["ablationcam", "scorecam", "smoothgradcam++", "finercam", "shapleycam"])
def test_contrasts_and_softmax_are_explained_as_such(method: str) -> None:
    model, x, layer = made("dense")
    recording = CamEngine(model).record(x)
    target = Target((1, 2), against=((0,), (3, 4)), gamma=0.5, score="softmax")

    class Contrast(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, images: Tensor) -> Tensor:
            p = self.model(images).softmax(1)
            return torch.stack([p[:, 1] - 0.5 * p[:, 0], p[:, 2] - 0.25 * (p[:, 3] + p[:, 4])], 1)

    expected = (
        CamEngine(Contrast()).record(x).cam((0, 1), f"model.{layer}", "gradcam" if method == "finercam" else method)
    )
    assert relative_error(recording.cam(target, layer, method), expected) <= 1e-4


def test_dense_outputs_are_explained_where_the_class_won() -> None:
    class Map(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
            self.conv2 = nn.Conv2d(6, 4, 1)

        def forward(self, images: Tensor) -> dict[str, Tensor]:
            return {"out": self.conv2(self.conv1(images).relu())}

    torch.manual_seed(1)
    model, x = Map().eval(), torch.randn(1, 3, 8, 8)
    recording = CamEngine(model).record(x)
    scores = model(x)["out"].detach()
    won = scores.argmax(1) == 2
    assert 0 < won.sum() < 64
    a = recording.activations("conv1")
    lost = []
    for k in range(6):
        gone = a.clone()
        gone[:, k] = 0
        lost.append(
            (scores - model.conv2(gone.relu()).detach())[0, 2][won[0]].mean() / scores[0, 2][won[0]].mean().abs()
        )
    expected = torch.einsum("c,nchw->nhw", torch.stack(lost), a)
    assert relative_error(recording.cams([2], "conv1", "ablationcam")[:, 0], expected) <= 1e-4


def test_hooks_of_the_user_run_as_often_as_they_change_something() -> None:
    """A hook that changes what a module returns is part of the model; what is handed out has it already."""
    model, x = Dense().eval(), torch.randn(1, 3, 16, 16)
    for name in ("conv1", "conv2", "conv3"):
        model.get_submodule(name).register_forward_hook(lambda _m, _a, out: out * 1.5)
    for layer in ("conv1", "conv3"):
        maps = CamEngine(model).record(x).cams([1], layer, "ablationcam")
        assert relative_error(maps[:, 0], by_loop(model, x, layer, "dense", 1)) <= 1e-4
