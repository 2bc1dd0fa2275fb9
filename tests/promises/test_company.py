"""The user's own hooks, checkpoints, functions and threads beside ours."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections import OrderedDict
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from camwidget import CamEngine, CamWidget
from camwidget.engine.stale import StaleRecordingError
from tests.promises.snapshot import as_before
from tests.promises.subjects import CLASSES, SIZE, Hooked, Net

# ---------------------------------------------------------------------- hooks


def test_forward_hooks_of_the_user_run_once_a_recording_and_never_for_an_answer(x: Tensor) -> None:
    """They may belong to the computation, as those of weight norm and pruning do; a user's own pass runs them, too."""
    model = Hooked().eval()
    engine = CamEngine(model)
    recording = engine.record(x)
    assert sorted(model.heard()) == ["forward", "pre"]
    recording.cams([0, 1], "block", "guided_relu")
    recording.all_cams()
    recording.gradients(3)
    assert len(model.heard()) == 2


def test_a_forward_hook_that_changes_what_its_layer_returns_counts(x: Tensor) -> None:
    model = Hooked().eval()
    with torch.no_grad():
        expected = model(x)
    torch.testing.assert_close(CamEngine(model).record(x).scores, expected)


def test_hooks_get_the_module_that_runs_and_not_the_users(x: Tensor) -> None:
    """What tutorials do, ``module.features = output``, would else hold our graph in the user's model."""
    model = Net().eval()
    model.last.register_forward_hook(lambda module, _args, output: setattr(module, "features", output))
    with as_before(model, x):
        CamEngine(model).record(x).cam(0)
    assert not hasattr(model.last, "features")


def test_backward_hooks_of_the_user_never_run_and_change_no_gradient(x: Tensor) -> None:
    model = Net().eval()
    expected = CamEngine(model).record(x).cam(1, "stem")
    calls: list[str] = []

    def spoil(name: str, *grads: object) -> tuple[Tensor, ...]:
        calls.append(name)
        return tuple(g * 0 for g in grads if isinstance(g, Tensor))

    for module in (model.block, model.last, model.fc):
        module.register_full_backward_hook(lambda _m, grads, _outs: spoil("full", *grads))
        module.register_full_backward_pre_hook(lambda _m, outs: spoil("pre", *outs))
    for p in model.parameters():
        p.register_hook(lambda g: calls.append("parameter"))
        p.register_post_accumulate_grad_hook(lambda _p: calls.append("accumulated"))
    recording = CamEngine(model).record(x)
    assert torch.equal(recording.cam(1, "stem"), expected)
    recording.cam(1, "stem", "guided_relu")
    assert calls == []


def test_a_full_backward_hook_before_an_operation_in_place_does_no_harm(x: Tensor) -> None:
    """Torch itself refuses such a pass: 'output 0 of BackwardHookFunctionBackward is a view ...'."""
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    ).eval()
    model[0].register_full_backward_hook(lambda *_: None)
    with pytest.raises(RuntimeError, match="BackwardHookFunction"):
        model(x.clone().requires_grad_())
    assert CamEngine(model).record(x).cam(0).shape == (2, SIZE - 2, SIZE - 2)


def test_hooks_on_all_modules_stay_and_hear_the_twin(x: Tensor) -> None:
    model, heard = Net().eval(), []
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: heard.append(module))
    try:
        with as_before(model, x):
            CamEngine(model).record(x).cam(0)
    finally:
        handle.remove()
    assert not set(map(id, heard)) & set(map(id, model.modules()))


# ---------------------------------------------------------------------- what modules keep, and where


class Elsewhere(Net):
    """Reaches its parts in every other way than by their names."""

    def __init__(self) -> None:
        super().__init__()
        norm = nn.BatchNorm2d(12)
        object.__setattr__(self, "unlisted", nn.BatchNorm2d(12))  # not among its modules
        self.helper = SimpleNamespace(norm=norm, owner=self)
        self.norm = norm
        self.table = OrderedDict(last=self.last)
        self.run = lambda x: self.table["last"](x)  # noqa: PLW0108 - looked up at each call

    def features(self, x: Tensor) -> Tensor:
        x = self.pool(self.block(self.pool(self.helper.owner.stem(x))))
        return self.run(self.unlisted(self.helper.norm(x)))


def test_parts_that_are_reached_in_other_ways_are_the_twins(x: Tensor) -> None:
    model = Elsewhere().train()
    everything = [*model.modules(), model.unlisted]
    for module in everything:
        module.register_forward_hook(_is_not(everything))
    before = model.unlisted.running_mean.clone()
    with as_before(model, x):
        recording = CamEngine(model).record(x)
    assert torch.equal(model.unlisted.running_mean, before)
    assert {"stem", "block", "norm", "last"} <= set(recording.layers)
    model.eval()
    model.unlisted.eval()
    for module in everything:
        module._forward_hooks.clear()
    torch.testing.assert_close(recording.scores, model(x).detach())


def _is_not(modules: list[nn.Module]):
    ids = set(map(id, modules))

    def check(module: nn.Module, *_: object) -> None:
        assert id(module) not in ids, "a module of the user's was run"

    return check


def test_a_forward_that_was_put_on_the_model_around_the_old_one(x: Tensor) -> None:
    model = Net().train()
    expected = CamEngine(model).record(x).cam(2)
    old = model.forward

    def tripled(x: Tensor, times: int = 3, *, plus: float = 1.0) -> dict[str, Tensor]:
        return {"logits": old(x) * times + plus}

    model.forward = tripled
    with as_before(model, x):
        recording = CamEngine(model).record(x)
    torch.testing.assert_close(recording.cam(2), 3 * expected)
    assert model.forward is tripled


def test_the_same_at_the_top_of_a_notebook_where_the_old_one_is_a_global(x: Tensor) -> None:
    model = Net().train()
    expected = CamEngine(model).record(x).cam(2)
    names = {"model": model}
    exec("old = model.forward\nmodel.forward = lambda x: {'logits': old(x) * 2}", names)
    with as_before(model, x):
        found = CamEngine(model).record(x).cam(2)
    torch.testing.assert_close(found, 2 * expected)
    assert names["old"].__self__ is model


# ---------------------------------------------------------------------- checkpoints and functions of the user's own


class Checkpointed(Net):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.reentrant = reentrant

    def features(self, x: Tensor) -> Tensor:
        x = self.pool(self.stem(x))
        x = checkpoint(self.block, x, use_reentrant=self.reentrant)
        return self.last(self.pool(x))


def test_checkpointed_blocks_give_the_same_maps(x: Tensor) -> None:
    model = Checkpointed(False).eval()
    plain = Net().eval()
    plain.load_state_dict(model.state_dict())
    made, expected = CamEngine(model).record(x), CamEngine(plain).record(x)
    for layer in ("stem", "block", "block.0", "last"):
        for variant in ("gradcam", "guided_relu"):
            torch.testing.assert_close(made.cam(1, layer, variant), expected.cam(1, layer, variant))


def test_layers_after_a_checkpoint_of_the_older_kind_are_explained_and_those_before_say_why_not(x: Tensor) -> None:
    model = Checkpointed(True).eval()
    plain = Net().eval()
    plain.load_state_dict(model.state_dict())
    with as_before(model, x):
        recording = CamEngine(model).record(x)
        found = recording.cam(1)
        with pytest.raises(ValueError, match=r"use_reentrant=True.*accepted: use_reentrant=False"):
            recording.cam(1, "stem")
    torch.testing.assert_close(found, CamEngine(plain).record(x).cam(1))


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx, g: Tensor) -> Tensor:
        return 2 * g


def test_a_backward_rule_of_the_users_own_is_followed(x: Tensor) -> None:
    class Ruled(Net):
        def features(self, x: Tensor) -> Tensor:
            return self.last(Doubled.apply(self.pool(self.block(self.pool(self.stem(x))))))

    model, plain = Ruled().eval(), Net().eval()
    plain.load_state_dict(model.state_dict())
    made, expected = CamEngine(model).record(x), CamEngine(plain).record(x)
    torch.testing.assert_close(made.cam(1, "block"), 2 * expected.cam(1, "block"))
    torch.testing.assert_close(made.cam(1), expected.cam(1))


# ---------------------------------------------------------------------- threads


def test_many_threads_ask_one_engine(x: Tensor) -> None:
    model = Net().eval()
    engine = CamEngine(model)
    expected = {k: engine.record(x).cams([k], "block", "guided_relu") for k in range(CLASSES)}
    shared, wrong = engine.record(x), []

    def ask(k: int) -> None:
        for _ in range(5):
            made = [r.cams([k], "block", "guided_relu") for r in (shared, engine.record(x))]
            wrong.extend(k for maps in made if not torch.equal(maps, expected[k]))

    with as_before(model, x):
        threads = [threading.Thread(target=ask, args=(k,)) for k in range(CLASSES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert not wrong


def _trained(model: nn.Module, x: Tensor, steps: int, each=lambda: None) -> dict[str, Tensor]:
    optimiser = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    for _ in range(steps):
        optimiser.zero_grad()
        model(x).square().mean().backward()
        optimiser.step()
        each()
    return model.state_dict()


def test_a_widget_beside_a_training_loop_on_another_thread_changes_no_bit_of_it(x: Tensor) -> None:
    """Without dropout: what two threads draw from one generator depends on who comes first, whoever they are."""
    start = Net().train()
    start.drop.p = 0.0
    alone = Net().train()
    alone.drop.p = 0.0
    alone.load_state_dict(start.state_dict())
    expected = _trained(alone, x, 30)

    result: dict[str, Tensor] = {}
    errors: list[BaseException] = []
    asked = threading.Event()

    def loop() -> None:
        try:
            result.update(_trained(start, x, 30, lambda: asked.wait(0.02)))
        except BaseException as error:  # noqa: BLE001 - told by the thread that asks
            errors.append(error)

    trainer = threading.Thread(target=loop)
    trainer.start()
    while trainer.is_alive():
        with CamWidget(start, x[0]) as w:
            w.target = 3
            w.variant = "layercam"
            with contextlib.suppress(StaleRecordingError):  # it changes faster than it can be recorded
                assert w.cam.shape == (7, 7)
    trainer.join()
    assert not errors
    assert all(module.training for module in start.modules())
    for name, value in result.items():
        assert torch.equal(value, expected[name]), name


def test_what_is_drawn_on_another_thread_is_not_rewound(x: Tensor) -> None:
    """A model that draws nothing is not blamed for numbers that a training loop draws at the same time."""
    model = Net().eval()
    drawn: list[Tensor] = []
    model.last.register_forward_hook(lambda *_: _on_another_thread(lambda: drawn.append(torch.rand(4))))
    engine = CamEngine(model)
    for _ in range(3):
        engine.record(x)
    drawn.append(torch.rand(4))
    assert len({tuple(numbers.tolist()) for numbers in drawn}) == len(drawn)


def _on_another_thread(work) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)


# ---------------------------------------------------------------------- afterwards


def test_nothing_of_a_recording_hangs_on_the_model(x: Tensor) -> None:
    model = Net().train()
    recording = CamEngine(model).record(x)
    recording.cam(0, "block", "guided_relu")
    recording.all_cams()
    gone = weakref.ref(recording)
    del recording
    gc.collect()
    assert gone() is None
    with as_before(model, x):
        w = CamWidget(model, x[0])
        w.close()
