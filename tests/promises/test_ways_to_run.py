"""However the model is kept, cast, wrapped or run: the same maps, or a sentence that names the way out."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import pickle
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget import CamEngine, CamWidget
from tests.promises.snapshot import as_before
from tests.promises.subjects import CLASSES, Functional, InPlace, Net, Shared

LAYERS = ("stem.2", "block.2", "last.1")


@pytest.fixture
def model() -> Net:
    return Net().eval()


def maps(model: nn.Module, x: Tensor, **engine: object) -> Tensor:
    """Maps of three layers by a variant of each rule, in one tensor."""
    recording = CamEngine(model, **engine).record(x)
    variants = ("gradcam", "layercam", "guided_relu", "deconv_relu")
    made = [recording.cams([0, 3], layer, variant) for layer in LAYERS for variant in variants]
    assert all(m.dtype == torch.float32 and torch.isfinite(m).all() for m in made)
    return torch.cat([m.flatten(2) / m.abs().amax().clamp(min=1e-12) for m in made], 2)


def agree(made: Tensor, expected: Tensor) -> float:
    """Correlation of two sets of maps."""
    return float(torch.corrcoef(torch.stack([made.flatten(), expected.flatten()]))[0, 1])


# ---------------------------------------------------------------------- states of the model and of its surroundings


def frozen(model: nn.Module) -> nn.Module:
    return model.requires_grad_(False)


def double(model: nn.Module) -> nn.Module:
    return model.double()


def channels_last(model: nn.Module) -> nn.Module:
    return model.to(memory_format=torch.channels_last)


def training(model: nn.Module) -> nn.Module:
    return model.train()


def copied(model: nn.Module) -> nn.Module:
    CamEngine(model).record(torch.ones(1, 3, 28, 28)).cam(0)
    return pickle.loads(pickle.dumps(copy.deepcopy(model)))


def reloaded(model: nn.Module) -> nn.Module:
    CamEngine(model).record(torch.ones(1, 3, 28, 28)).cam(0)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def symbolic(model: nn.Module) -> nn.Module:
    return torch.fx.symbolic_trace(model)


def unflattened(model: nn.Module) -> nn.Module:
    return torch.export.unflatten(torch.export.export(model, (torch.ones(2, 3, 28, 28),)))


STATES = [frozen, double, channels_last, training, copied, reloaded, symbolic, unflattened, nn.DataParallel]
AROUND: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "nothing": contextlib.nullcontext,
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16, enabled=False),
    "deterministic": lambda: _deterministic(),  # noqa: PLW0108 - defined below
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "saved on the CPU": torch.autograd.graph.save_on_cpu,
}


@contextlib.contextmanager
def _deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
def test_a_model_in_this_state_gives_the_same_maps(state: Callable, model: Net, x: Tensor) -> None:
    expected = maps(model, x)
    changed = state(copy.deepcopy(model))
    with as_before(changed, x):
        made = maps(changed, x)
    torch.testing.assert_close(made, expected, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("around", AROUND)
def test_a_call_within_these_surroundings_gives_the_same_maps(around: str, model: Net, x: Tensor) -> None:
    expected = maps(model, x)
    with AROUND[around](), as_before(model, x):
        made = maps(model, x)
    torch.testing.assert_close(made, expected, atol=1e-6, rtol=1e-5)


def test_gradients_switched_off_for_good_as_in_a_validation_step(model: Net, x: Tensor) -> None:
    expected = maps(model, x)
    torch.set_grad_enabled(False)
    try:
        with CamWidget(model, x[0]) as w:
            assert w.cam.shape == (7, 7)
        made = maps(model, x)
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    assert torch.equal(made, expected)


def test_a_default_dtype_of_double_precision(model: Net, x: Tensor) -> None:
    expected = maps(model, x)
    torch.set_default_dtype(torch.float64)
    try:
        made = maps(model, x)
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(made, expected, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gives_nearly_the_same_maps(dtype: torch.dtype, model: Net, x: Tensor) -> None:
    expected = maps(model, x)
    least = 0.999 if dtype == torch.float16 else 0.98
    assert agree(maps(copy.deepcopy(model).to(dtype), x), expected) > least
    with torch.autocast("cpu", dtype):
        assert agree(maps(model, x), expected) > least
    assert agree(maps(model, x, autocast=dtype), expected) > least


# ---------------------------------------------------------------------- wrappers


@pytest.fixture
def process_group() -> Iterator[None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch was built without distributed")
def test_ddp_around_and_inside(model: Net, x: Tensor, process_group: None) -> None:
    expected = maps(model, x)
    parallel = nn.parallel.DistributedDataParallel
    assert torch.equal(maps(parallel(model), x), expected)
    inside = copy.deepcopy(model)
    inside.block = parallel(inside.block)
    inside.block.forward = _refuses  # its own pass would count for the reducer
    inside.train()
    assert torch.equal(maps(inside, x), expected)


def _refuses(*_: object) -> None:
    raise AssertionError("the user's own module was run")


@pytest.mark.parametrize("used", [False, True], ids=["not used", "used"])
@pytest.mark.parametrize("how", ["model", "in place", "inside", "inside in place", "bound forward", "nested"])
def test_compiled_before(how: str, used: bool, model: Net, x: Tensor) -> None:
    expected = maps(model, x)
    compiled = compiled_as(how, copy.deepcopy(model))
    if used:
        compiled(x)
    else:
        compiled.train()
    with as_before(compiled, x):
        made = maps(compiled, x)
    torch.testing.assert_close(made, expected, atol=1e-6, rtol=1e-5)


def compiled_as(how: str, model: Net, backend: str = "eager") -> nn.Module:
    if how == "in place":
        model.compile(backend=backend)
    elif how == "inside":
        model.block = torch.compile(model.block, backend=backend)
    elif how == "inside in place":
        model.block.compile(backend=backend)
    elif how == "bound forward":
        model.forward = torch.compile(model.forward, backend=backend)
    elif how == "nested":
        return nn.DataParallel(torch.compile(model, backend=backend))
    else:
        return torch.compile(model, backend=backend)
    return model


def test_compiled_after(model: Net, x: Tensor) -> None:
    engine = CamEngine(model)
    expected = engine.record(x).cam(1)
    model.compile(backend="eager")
    model(x)
    assert torch.equal(engine.record(x).cam(1), expected)
    with CamWidget(model, x[0]) as w:
        model(x)
        assert w.cam.shape == (7, 7)


class CompiledMethod(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 2


def test_a_compiled_method_is_not_compiled_anew_for_each_recording(x: Tensor) -> None:
    """The user's own code may be compiled a few times only, before torch gives up on it."""
    torch._dynamo.reset()
    CompiledMethod.forward = torch.compile(Net.forward, backend="eager")
    torch._dynamo.utils.counters.clear()
    engine = CamEngine(CompiledMethod().eval())
    for _ in range(3):
        engine.record(x).cam(0)
    assert not torch._dynamo.utils.counters["frames"]["total"]


@pytest.mark.skipif(not os.environ.get("CAMWIDGET_SLOW"), reason="compiling takes a minute; set CAMWIDGET_SLOW=1")
@pytest.mark.parametrize("how", ["model", "inside"])
def test_compiled_by_the_default_backend(how: str, model: Net, x: Tensor) -> None:
    expected = maps(model, x)
    compiled = compiled_as(how, model, "inductor")
    compiled(x)
    torch.testing.assert_close(maps(compiled, x), expected, atol=1e-6, rtol=1e-5)


# ---------------------------------------------------------------------- activations


class Activated(nn.Module):
    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.activation = activation
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.activation(self.second(self.activation(self.first(x)))).mean((2, 3)))


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.ReLU6(), nn.ReLU(inplace=True), nn.Hardtanh(0, 4)], ids=str)
def test_a_rectifier_has_rules_of_its_own(activation: nn.Module, x: Tensor) -> None:
    recording = CamEngine(Activated(activation).eval()).record(x)
    assert recording.rectifiers_above("second") == 1
    plain, guided, deconv = (recording.cams([0], "second", v) for v in ("gradcam", "guided_relu", "deconv_relu"))
    assert not torch.allclose(plain, guided)
    assert not torch.allclose(plain, deconv)


OTHERS = [nn.GELU(), nn.SiLU(), nn.Hardswish(), nn.LeakyReLU(), nn.PReLU(), nn.ELU(), nn.Mish(), nn.Tanh(), nn.SELU()]


@pytest.mark.parametrize("activation", OTHERS, ids=str)
def test_where_nothing_is_a_rectifier_guided_and_deconv_are_plain_and_the_widget_says_so(
    activation: nn.Module, x: Tensor
) -> None:
    model = Activated(activation).eval()
    recording = CamEngine(model).record(x)
    assert recording.rectifiers_above("first") == 0
    for variant in ("guided_relu", "deconv_relu"):
        assert torch.equal(recording.cams([0, 1], "first", variant), recording.cams([0, 1], "first"))
        with CamWidget(model, x[0], layer="first", variant=variant) as w:
            assert "No rectifier between first and the scores" in str(w.stack["note"])
            assert "is plain Grad-CAM here" in str(w.stack["note"])


@pytest.mark.parametrize("kind", [InPlace, Shared, Functional])
def test_rectifiers_in_place_shared_and_functional_follow_the_rules(kind: type[Net], x: Tensor) -> None:
    """Against the same rules written out as functions with backward passes of their own."""
    model = kind().eval().double()
    x = x.double()
    recording = CamEngine(model).record(x)
    for rule in ("guided", "deconv"):
        seen: list[Tensor] = []
        with _rectifiers_of(rule):
            handle = model.block.register_forward_hook(lambda _m, _a, out, seen=seen: seen.append(out))
            score = model(x.clone())[:, 2].sum()
            handle.remove()
            (expected,) = torch.autograd.grad(score, seen)
        made = recording.gradients(2, ["block"], rule)["block"]
        torch.testing.assert_close(made, expected)


class _Rule(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, rule: str, high: float) -> Tensor:
        ctx.mask, ctx.rule = (x > 0) & (x < high), rule
        return x.clamp(0, high)

    @staticmethod
    def backward(ctx, g: Tensor):
        return g.clamp(min=0) * (ctx.mask if ctx.rule == "guided" else 1), None, None


@contextlib.contextmanager
def _rectifiers_of(rule: str) -> Iterator[None]:
    def relu(x: Tensor, inplace: bool = False) -> Tensor:
        return _Rule.apply(x, rule, float("inf"))

    def relu6(x: Tensor, inplace: bool = False) -> Tensor:
        return _Rule.apply(x, rule, 6.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(F, "relu", relu)
        patch.setattr(F, "relu6", relu6)
        patch.setattr(torch, "relu_", relu)
        yield


# ---------------------------------------------------------------------- what cannot be explained says why


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda m, x: torch.jit.script(m), "ScriptModule.*accepted: the nn.Module it was scripted or traced from"),
        (torch.jit.trace, "ScriptModule.*accepted: the nn.Module"),
        (lambda m, x: torch.export.export(m, (x,)), "ExportedProgram.*unflatten"),
        (lambda m, x: torch.export.export(m, (x,)).module(), "flat graph.*unflatten"),
        (lambda m, x: torch.ao.quantization.quantize_dynamic(m, {nn.Linear}), "quantised.*'fc'.*floating-point model"),
        (lambda m, x: m.to("meta"), "meta device.*load them first"),
        (lambda m, x: _partly_on_meta(m), "meta device"),
        (lambda m, x: _made_in_inference_mode(), "inference mode.*outside"),
        (lambda m, x: nn.Sequential(nn.LazyConv2d(4, 3)), "lazy layers.*run it once"),
        (lambda m, x: m.forward, "model is a method; accepted: a torch.nn.Module"),
    ],
    ids=[
        "script",
        "trace",
        "exported",
        "its module",
        "quantised",
        "meta",
        "partly meta",
        "inference",
        "lazy",
        "method",
    ],
)
def test_a_model_that_cannot_be_explained_names_the_remedy(make: Callable, said: str, model: Net, x: Tensor) -> None:
    given = make(model, x)
    for use in (lambda: CamEngine(given).record(x), lambda: CamWidget(given, x[0])):
        with pytest.raises((TypeError, ValueError), match=f"(?s){said}"):
            use()


def _partly_on_meta(model: Net) -> Net:
    model.fc.to("meta")
    return model


def _made_in_inference_mode() -> Net:
    with torch.inference_mode():
        return Net()


class OverwritesWhatItNeeds(Net):
    def features(self, x: Tensor) -> Tensor:
        return super().features(x).mul_(2).relu_()


def test_a_model_that_overwrites_what_its_gradients_need_says_so(x: Tensor) -> None:
    with pytest.raises(ValueError, match=r"overwrites in place.*accepted"):
        CamEngine(OverwritesWhatItNeeds().eval()).record(x).cam(0, "block")
