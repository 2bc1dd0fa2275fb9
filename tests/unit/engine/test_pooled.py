"""All classes at once: found by numbers where it holds, refused where it does not, and equal to one class at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine, Recording
from camwidget.engine import pooled as pooled_module
from camwidget.engine.pooled import FOR_ALL
from camwidget.engine.preempt import Stopped

STANDARD = [v.id for v in VARIANTS.values() if v.rule == "standard" and v.function in FOR_ALL]


class Head(nn.Module):
    """A small network whose head is given: from activations ``(N, 8, h, w)`` to scores."""

    def __init__(self, head: Callable[[Tensor], Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.last = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.parts = nn.ModuleList(parts)
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.last(self.first(x)), *self.parts)


def mean(a: Tensor) -> Tensor:
    return a.mean((2, 3))


POOLED = {
    "mean": Head(lambda a, fc: fc(mean(a)), nn.Linear(8, 300)),
    "functional relu": Head(lambda a, fc: fc(mean(a.relu())), nn.Linear(8, 300)),
    "smooth activation": Head(lambda a, fc: fc(mean(nn.functional.silu(a))), nn.Linear(8, 300)),
    "maximum": Head(lambda a, fc: fc(a.amax((2, 3))), nn.Linear(8, 300)),
    "norm after pooling": Head(lambda a, n, fc: fc(n(mean(a))), nn.LayerNorm(8), nn.Linear(8, 300)),
    "two linear layers": Head(
        lambda a, one, two: two(one(mean(a)).relu()), nn.Linear(8, 16), nn.Linear(16, 300)
    ),
    "dead channel": Head(lambda a, fc: fc(mean(a) * torch.tensor([0.0, *[1.0] * 7])), nn.Linear(8, 300)),
}  # fmt: skip

OTHERS = {
    "flat": Head(lambda a, fc: fc(a.flatten(1)), nn.LazyLinear(300)),
    "two ways": Head(lambda a, fc, fd: fc(mean(a)) + fd(a.amax((2, 3))), nn.Linear(8, 300), nn.Linear(8, 300)),
    "channels mixed": Head(lambda a, conv, fc: fc(mean(conv(a))), nn.Conv2d(8, 8, 1), nn.Linear(8, 300)),
    "gated by all": Head(lambda a, fc: fc(mean(a * mean(a).mean(1)[:, None, None, None].sigmoid())), nn.Linear(8, 300)),
    "one class": Head(lambda a: a.mean((1, 2, 3))[:, None].expand(-1, 300)),
}


def recorded(model: nn.Module, n: int = 1) -> Recording:
    x = torch.randn(n, 3, 16, 16)
    with torch.no_grad():
        model(x)  # lazy layers find their size
    return CamEngine(model.eval()).record(x)


def assert_equal_to_one_by_one(recording: Recording, layer: str | None, variant: str) -> None:
    made = recording.all_cams(layer, variant)
    targets = [0, 1, 127, 128, 255, 299]
    expected = recording.cams(targets, layer, variant)
    assert made.shape == (len(recording.x), 300, *expected.shape[2:])
    # the sums that XGrad-CAM divides by can come near nothing, and rounding differs from one processor to the next
    torch.testing.assert_close(made[:, targets], expected, rtol=1e-3, atol=1e-5 * float(expected.abs().max()) + 1e-12)


@pytest.mark.parametrize("name", POOLED)
@pytest.mark.parametrize("variant", STANDARD)
@pytest.mark.parametrize("n", [1, 3])
def test_all_are_as_one_by_one(name: str, variant: str, n: int) -> None:
    recording = recorded(POOLED[name], n)
    if variant == "gradcam++" and name == "smooth activation":
        assert not recording.all_at_once("last", variant)
    else:
        assert recording.all_at_once("last", variant)
        assert_equal_to_one_by_one(recording, "last", variant)


@pytest.mark.parametrize("name", OTHERS)
def test_other_heads_are_told_apart(name: str) -> None:
    recording = recorded(OTHERS[name])
    assert not recording.all_at_once("last")
    with pytest.raises(ValueError, match="one backward pass each"):
        recording.all_cams("last")


@pytest.mark.parametrize("end", [torch.sigmoid, lambda scores: scores.softmax(1)])
def test_classes_that_are_sure_of_themselves_do_not_hide_the_head(end: Callable[[Tensor], Tensor]) -> None:
    """With one class left that still moves, any gradient would fit; the hidden layer is as wide as the channels."""
    torch.manual_seed(1)
    model = Head(lambda a, one, two: end(1000 * two(one(a.flatten(1)).tanh())), nn.LazyLinear(8), nn.Linear(8, 300))
    assert not recorded(model).all_at_once("last")


def test_one_value_for_all() -> None:
    assert not recorded(Head(lambda a: a.mean().reshape(1, 1))).all_at_once("last")


def test_one_class_does_not_fit_by_itself() -> None:
    model = Head(lambda a, one, two: two(one(a.flatten(1)).tanh()), nn.LazyLinear(8), nn.Linear(8, 1))
    assert not recorded(model).all_at_once("last")


@pytest.mark.parametrize(("dtype", "scale"), [(torch.float16, 0.1), (torch.bfloat16, 1.0)])
def test_half_precision_hides_no_gate(dtype: torch.dtype, scale: float) -> None:
    torch.manual_seed(0)
    gated = Head(
        lambda a, gate, fc: fc(mean(a * (scale * gate(mean(a))).sigmoid()[..., None, None])),
        nn.Linear(8, 8),
        nn.Linear(8, 300),
    )
    x = torch.randn(1, 3, 16, 16)
    assert not CamEngine(gated.eval().to(dtype)).record(x).all_at_once("last")
    plain = Head(lambda a, fc: fc(mean(a.relu())), nn.Linear(8, 300)).eval().to(dtype)
    assert CamEngine(plain).record(x).all_at_once("last")


def test_a_default_device_of_the_user() -> None:
    recording = recorded(POOLED["mean"])
    with torch.device("meta"):
        assert recording.all_at_once("last")


def test_an_earlier_layer_is_no_matter_of_means() -> None:
    recording = recorded(POOLED["mean"])
    assert not recording.all_at_once("first")


def test_rules_need_a_way_without_rectifiers() -> None:
    plain, through_relu = recorded(POOLED["mean"]), recorded(POOLED["functional relu"])
    for variant in ("guided_relu", "deconv_relu"):
        assert_equal_to_one_by_one(plain, "last", variant)
        assert not through_relu.all_at_once("last", variant)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "mobilenet_v3_small", "convnext_tiny"])
def test_known_networks(name: str) -> None:
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)(weights=None, num_classes=300).eval()
    recording = CamEngine(model).record(torch.randn(1, 3, 64, 64))
    for variant in ("gradcam", "gradcam++", "layercam"):
        assert recording.all_at_once(variant=variant)
        assert_equal_to_one_by_one(recording, None, variant)


@pytest.mark.parametrize("name", ["alexnet", "squeezenet1_1"])
def test_known_networks_of_other_kinds(name: str) -> None:
    model = getattr(torchvision.models, name)(weights=None, num_classes=20).eval()
    assert not CamEngine(model).record(torch.randn(1, 3, 128, 128)).all_at_once()


def test_channels_last() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.mix, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, 8), nn.Linear(8, 300)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.mix(self.conv(x).permute(0, 2, 3, 1)).mean((1, 2)))

    recording = recorded(Last(), 2)
    assert recording.layers["mix"].kind == "channels_last"
    for variant in STANDARD:
        assert_equal_to_one_by_one(recording, "mix", variant)


def test_final_relu_on_request() -> None:
    recording = recorded(POOLED["mean"])
    signed, positive = recording.all_cams("last"), recording.all_cams("last", signed=False)
    assert (signed < 0).any()
    assert torch.equal(positive, signed.clamp(min=0))


def test_a_head_that_torch_cannot_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, original = recorded(POOLED["norm after pooling"]), torch.autograd.grad

    def alone(*args: object, is_grads_batched: bool = False, **keywords: object) -> object:
        if is_grads_batched:
            raise RuntimeError("Batching rule not implemented")
        return original(*args, **keywords)

    monkeypatch.setattr(torch.autograd, "grad", alone)
    assert_equal_to_one_by_one(recording, "last", "gradcam")


def test_work_that_was_stopped_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, made, original = recorded(POOLED["mean"]), [], pooled_module.jacobian
    monkeypatch.setattr(
        pooled_module, "jacobian", lambda *a: made.append(a[2:]) or original(*a)
    )  # fmt: skip
    with pytest.raises(Stopped):
        recording.all_cams("last", stop=lambda: len(made) == 2)
    assert_equal_to_one_by_one(recording, "last", "gradcam")
    recording.all_cams("last", "layercam")
    assert made == [(0, 128), (128, 256), (256, 300)]


def test_a_large_jacobian_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled_module, "JACOBIAN_BYTES", 300 * 8 * 4 - 1)
    recording = recorded(POOLED["mean"])
    assert_equal_to_one_by_one(recording, "last", "gradcam")
    assert recording._necks["last"][1]._chunks == []


def test_the_users_random_numbers_are_not_drawn() -> None:
    recording = recorded(POOLED["mean"])
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    recording.all_cams("last")
    assert torch.equal(torch.rand(3), expected)


def test_half_precision() -> None:
    model = Head(lambda a, fc: fc(mean(a)), nn.Linear(8, 300)).eval().bfloat16()
    recording = CamEngine(model).record(torch.randn(1, 3, 16, 16))
    made, expected = recording.all_cams("last"), recording.cams(range(300), "last")
    assert made.dtype == torch.float32
    assert float((made - expected).abs().max()) <= 0.02 * float(expected.abs().max())


def test_where_torch_does_not_tell_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled_module, "_may_hold", lambda *_: True)  # as before torch 2.6
    assert_equal_to_one_by_one(recorded(POOLED["norm after pooling"]), "last", "gradcam")
    assert not recorded(OTHERS["channels mixed"]).all_at_once("last")


@pytest.mark.parametrize("name", ["mean", "norm after pooling"])
def test_a_last_linear_layer_is_read_and_not_walked_class_by_class(name):
    """By products with ones and zeros the cost would grow with the square of the number of classes."""
    if name != "mean" and torch.__version__ < "2.5":
        pytest.skip("torch before 2.5 begins at tensors only")
    recording = recorded(POOLED[name], n=2)
    assert recording.all_at_once()
    walked = []
    handle = recording._scores.grad_fn.register_prehook(lambda _gradients: walked.append(1))
    try:
        recording.all_cams()
    finally:
        handle.remove()
    assert not walked
