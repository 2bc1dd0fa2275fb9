"""The user trains while the widget asks: neither may disturb the other."""

from __future__ import annotations

import functools
import threading
import types

import pytest
import torch
from torch import Tensor, nn

from camwidget import CamEngine


class Watched(nn.Module):
    """A small network that calls ``during`` in the middle of every forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.bn = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 4)
        self.during = None

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x)).relu()
        if self.during is not None:
            WATCHERS[self.during]()
        return self.fc(x.mean((2, 3)))


WATCHERS = {}
"""By name, so that a copied network still finds them."""


@pytest.fixture(autouse=True)
def no_watchers():
    yield
    WATCHERS.clear()


def test_a_model_in_training_stays_in_training_while_it_is_recorded(x):
    model = Watched().train()
    seen = []
    model.during = "modes"
    WATCHERS["modes"] = lambda: seen.append([m.training for m in model.modules()])
    CamEngine(model).record(x)
    assert seen and all(all(modes) for modes in seen)


def test_it_is_explained_in_evaluation_mode_all_the_same(x):
    model = Watched().train()
    training = CamEngine(model).record(x)
    evaluation = CamEngine(model.eval()).record(x)
    assert torch.equal(training.scores, evaluation.scores)
    assert torch.equal(training.cam(1), evaluation.cam(1))


def test_batch_statistics_are_neither_used_nor_moved(x):
    model = Watched().train()
    before = [b.clone() for b in model.buffers()]
    CamEngine(model).record(x).cam(0)
    assert all(torch.equal(a, b) for a, b in zip(before, model.buffers(), strict=True))


def test_two_engines_on_one_model_leave_it_in_training(x):
    model = Watched().train()
    inside, go = threading.Barrier(2, timeout=60), threading.Event()
    model.during = "meet"
    WATCHERS["meet"] = lambda: (inside.wait(), go.wait(60))
    threads = [threading.Thread(target=CamEngine(model).record, args=(x,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(timeout=60)
    assert all(module.training for module in model.modules())
    assert not any(module._forward_hooks for module in model.modules())


def test_a_forward_pass_of_the_user_on_another_thread_is_not_listened_to(x):
    model = Watched().eval()
    model.during = "other"

    def users_pass() -> None:
        if threading.current_thread() is threading.main_thread():
            thread = threading.Thread(target=model, args=(torch.zeros(1, 3, 8, 8),))
            thread.start()
            thread.join(timeout=60)

    WATCHERS["other"] = users_pass
    engine = CamEngine(model)
    disturbed = engine.record(x).cam(2)
    model.during = None
    assert torch.equal(disturbed, engine.record(x).cam(2))


def test_recording_from_a_worker_does_not_rewind_the_users_random_numbers(x):
    model = Watched().eval()
    model.during = "draw"
    drawn = []
    # the main thread draws while the worker is in its forward pass
    WATCHERS["draw"] = lambda: drawn.append(torch.rand(3))
    worker = threading.Thread(target=CamEngine(model).record, args=(x,))
    worker.start()
    worker.join(timeout=60)
    assert not any(torch.equal(torch.rand(3), before) for before in drawn)


def test_moved_batch_statistics_make_a_recording_stale(x):
    model = Watched().eval()
    recording = CamEngine(model).record(x)
    assert not recording.stale
    model.train()(x)
    assert recording.stale


class Counting(nn.Module):
    """Writes to a buffer that its own backward pass needs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.fc = nn.Linear(5, 3)
        self.register_buffer("seen", torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen += 1
        return self.fc((self.conv(x).relu() * self.seen).mean((2, 3)))


def test_a_model_that_writes_to_its_buffers_is_explained_and_keeps_them(x):
    model = Counting().eval()
    buffer = model.seen
    recording = CamEngine(model).record(x)
    assert recording.cam(1).shape == (2, 30, 30)
    assert model.seen is buffer and float(buffer) == 1
    assert not recording.stale


@pytest.mark.parametrize(("where", "said"), [("inference", "inference mode"), ("meta", "meta device")])
def test_weights_that_torch_cannot_differentiate_are_named(x, where, said):
    if where == "inference":
        with torch.inference_mode():
            model = Watched().eval()
    else:
        with torch.device("meta"):
            model = Watched().eval()
    with pytest.raises(ValueError, match=said):
        CamEngine(model).record(x)


@pytest.mark.parametrize("wrap", [lambda f, s: (f, s), lambda f, s: {"features": f, "classes": s}, lambda f, s: [s, f]])
def test_scores_are_found_beside_features(x, wrap):
    class Both(Watched):
        def forward(self, x: Tensor) -> object:
            features = self.conv(x).relu()
            return wrap(features, self.fc(features.mean((2, 3))))

    model = Both().eval()
    assert CamEngine(model).record(x).scores.shape == (2, 4)


def test_validation_phases_of_a_training_loop_are_not_disturbed(x):
    """The user goes from ``eval()`` to ``train()`` while a recording is on its way."""
    model = Watched().eval()
    model.during = "phase"
    WATCHERS["phase"] = model.train
    CamEngine(model).record(x)
    assert all(module.training for module in model.modules())


class Awkward(nn.Module):
    """What cannot be copied deeply, and what points back at the original."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.conv = nn.utils.weight_norm(nn.Conv2d(3, 6, 3, padding=1))
        self.fc = nn.Linear(6, 4)
        self.unlisted = [self.fc]
        self.pooled = self._pooled  # a method of the original
        self.scale = functools.partial(torch.mul, torch.tensor(2.0))

    def _pooled(self, x: Tensor) -> Tensor:
        return self.conv(x).relu().mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            return self.scale(self.unlisted[0](self.pooled(x)))


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_twin_listens_wherever_modules_are_kept(x):
    model = Awkward().train()
    weight = model.conv.weight
    recording = CamEngine(model).record(x)
    assert recording.default_layer == "conv"
    assert torch.allclose(recording.scores, model.eval()(x), atol=1e-6)
    assert model.conv.weight is weight or torch.equal(model.conv.weight, weight)
    assert not model.conv._forward_hooks and not model.fc._forward_hooks


def test_a_forward_put_on_the_instance_runs_on_the_twin(x):
    model = Watched().eval()
    model.forward = types.MethodType(lambda self, x: Watched.forward(self, x) * 3, model)
    recording = CamEngine(model).record(x)
    assert torch.allclose(recording.scores, model(x))
    assert recording.default_layer == "bn"


def test_a_model_that_draws_numbers_leaves_the_generator_where_it_was(x):
    class Noisy(Watched):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x + 1e-3 * torch.randn_like(x))

    engine = CamEngine(Noisy().eval())
    for _ in range(2):
        before = torch.get_rng_state()
        engine.record(x)
        assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_scripted_part_is_run_as_it_is_and_not_listened_to(x):
    scripted = torch.jit.script(nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()))
    model = nn.Sequential(nn.Conv2d(3, 6, 3), scripted, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)).eval()
    recording = CamEngine(model).record(x)
    assert torch.equal(recording.scores, model(x))
    assert recording.default_layer == "0"
    assert not scripted._forward_hooks
