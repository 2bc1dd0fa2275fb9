"""Many images in one pass: no more of the graph than is asked for, and the same maps as one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from camwidget.engine import VARIANTS, CamEngine
from camwidget.engine.batches import answers, ask
from tests.conftest import TinyCnn
from tests.promises.snapshot import as_before

GRADIENT = [v for v in VARIANTS if VARIANTS[v].needs != "passes"]


class Residual(nn.Module):
    """A layer beside a shortcut: what every path passes before it is another layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(inplace=True))
        self.branch = nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.fc((x + self.branch(x)).relu().mean((2, 3)))


class InTuple(nn.Module):
    """A layer that returns a tuple, at which no graph can begin."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, padding=1)

        def forward(self, x: Tensor) -> tuple[Tensor, int]:
            return self.conv(x), 2

    def __init__(self) -> None:
        super().__init__()
        self.first = self.Twice()
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x, factor = self.first(x)
        return self.fc((factor * x).relu().mean((2, 3)))


class Wandering(nn.Module):
    """Takes another way for dark inputs, past the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        bright = bool(x.sum() > 0)
        x = self.first(x).relu()
        return self.fc((self.second(x).relu() if bright else x).mean((2, 3)))


MODELS: dict[str, tuple[Callable[[], nn.Module], str | None]] = {
    "stages": (TinyCnn, None),
    "overwritten": (TinyCnn, "stem.0"),
    "an early block": (TinyCnn, "block"),
    "beside a shortcut": (Residual, "branch"),
    "returns a tuple": (InTuple, "first"),
}


@pytest.mark.parametrize("which", MODELS)
def test_maps_are_those_of_a_whole_recording(which: str, x: Tensor) -> None:
    make, layer = MODELS[which]
    engine = CamEngine(make().eval())
    whole, lean = engine.record(x), engine.record(x, [layer], from_input=False)
    name = whole.resolve(layer)
    assert list(lean.layers) == [name]
    assert torch.equal(lean.scores, whole.scores)
    assert torch.equal(lean.activations(layer), whole.activations(layer))
    for variant in GRADIENT:
        if not VARIANTS[variant].at_input:
            expected = whole.cam([1, 3], layer, variant)
            torch.testing.assert_close(lean.cam([1, 3], layer, variant), expected, rtol=1e-4, atol=1e-6)


def test_the_graph_begins_where_it_may(x: Tensor) -> None:
    def parameters(recording: object) -> int:
        """How many weights the graph holds."""
        seen, waiting = set(), [recording._scores.grad_fn]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += [child for child, _ in node.next_functions if child is not None]
        return sum(type(node).__name__ == "AccumulateGrad" and isinstance(node.variable, nn.Parameter) for node in seen)

    engine = CamEngine(TinyCnn().eval())
    assert parameters(engine.record(x)) == 10
    assert parameters(engine.record(x, ["last"])) == 2
    assert parameters(engine.record(x, ["block", "last"])) == 4
    assert parameters(engine.record(x, ["last"], from_input=True)) == 10
    assert parameters(CamEngine(Residual().eval()).record(x, ["branch"])) == 4


def test_what_was_not_asked_for_is_said_to_be_left_out(x: Tensor) -> None:
    recording = CamEngine(TinyCnn().eval()).record(x, ["last"])
    with pytest.raises(ValueError, match=r"'block' is not recorded\. What comes before last was not asked for"):
        recording.cam(0, "block")
    with pytest.raises(ValueError, match="unknown layer 'lasst'; did you mean 'last'"):
        CamEngine(TinyCnn().eval()).record(x, ["lasst"])
    assert recording.fields() is None


def test_an_input_that_takes_another_way_is_recorded_whole(x: Tensor) -> None:
    engine = CamEngine(Wandering().eval())
    assert list(engine.record(x.abs(), ["second"]).layers) == ["second"]
    with pytest.raises(ValueError, match="second"):
        engine.record(-x.abs(), ["second"]).cam(0, "second")


def test_one_forward_and_one_backward_a_batch(x: Tensor) -> None:
    model, runs, backwards = TinyCnn().eval(), [], []

    def see(_module: nn.Module, _args: object, output: Tensor) -> None:
        runs.append(len(output))
        if output.requires_grad:
            output.register_hook(lambda gradient: backwards.append(len(gradient)))

    model.drop.register_forward_hook(see)
    engine = CamEngine(model)
    question = {"layer": ["last", "last.0"], "variant": ["gradcam", "layercam"]}
    engine.explain(x[:1], **question)
    runs.clear()
    backwards.clear()
    engine.explain(x.repeat(4, 1, 1, 1), [0, 1, 2, 3, 4, 5, 0, 1], **question)
    assert (runs, backwards) == ([8], [8])


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_batches_are_the_images_one_by_one(variant: str, x: Tensor) -> None:
    many, classes = torch.cat([x, x.flip(3) + 0.1]), [5, 0, 3, 3]
    engine = CamEngine(TinyCnn().eval())
    found = engine.explain(many, classes, "block", variant, batch_size=3, size="grid")
    assert found.targets.tolist() == classes
    for i, (image, target) in enumerate(zip(many, classes, strict=True)):
        alone = engine.record(image[None])
        torch.testing.assert_close(
            torch.from_numpy(found[i]), alone.cam(target, "block", variant)[0], rtol=1e-3, atol=1e-5
        )
        assert found.scores[i] == pytest.approx(float(alone.scores[0, target]), rel=1e-5)


def test_predicted_classes_and_sizes(x: Tensor) -> None:
    engine = CamEngine(TinyCnn().eval())
    found = engine.explain([x, (x, torch.tensor([4, 2]))])
    scores = engine.record(x).scores
    assert found.predicted.tolist() == found.targets.tolist() == scores.argmax(1).tolist() * 2
    assert found.labels.tolist() == [-1, -1, 4, 2]
    assert found.shape == (4, 32, 32) and found.dtype == "float32"
    assert engine.explain(x, 0, size=(8, 9)).shape == (2, 8, 9)
    assert engine.explain(x, 0, size="grid").shape == (2, 8, 8)


def test_memory_that_is_short_makes_smaller_batches(x: Tensor) -> None:
    many = x.repeat(4, 1, 1, 1)
    engine = CamEngine(TinyCnn().eval(), memory=300_000)
    parts = list(answers(engine, many, None, ask("stem", "gradcam", "grid")))
    assert 1 < len(parts) <= 8 and sum(len(part.targets) for part in parts) == 8
    ample = CamEngine(engine.model).explain(many, None, "stem", size="grid")
    torch.testing.assert_close(
        torch.cat([torch.from_numpy(part.maps["stem", "gradcam"]) for part in parts]), torch.from_numpy(ample.array)
    )


WRONG = {
    "too few labels": (lambda e, x: e.explain(x, [1]), ValueError, "1 targets for 2|1 labels for more images"),
    "too many labels": (lambda e, x: e.explain(x, [1, 2, 3]), ValueError, "3 labels for 2 images"),
    "no tensor": (lambda e, x: e.explain(["a.png"]), TypeError, "camwidget.explain reads paths"),
    "nothing": (lambda e, x: e.explain([]), ValueError, "no images were given"),
    "a variant": (lambda e, x: e.explain(x, variant="gradcan"), ValueError, "did you mean 'gradcam'"),
    "a layer": (lambda e, x: e.explain(x, layer="blok"), ValueError, "did you mean 'block'"),
    "a size": (lambda e, x: e.explain(x, size="imput"), ValueError, "did you mean 'input'"),
    "sizes": (lambda e, x: e.explain(x, size=(3,)), ValueError, "2 dimensions"),
    "a class": (lambda e, x: e.explain(x, 9), ValueError, "target 9 is out of range"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_questions(wrong: str, x: Tensor) -> None:
    model = TinyCnn().eval()
    call, kind, words = WRONG[wrong]
    with as_before(model, x), pytest.raises(kind, match=words):
        call(CamEngine(model), x)


@pytest.mark.parametrize("training", [False, True])
def test_the_model_is_left_without_a_trace(training: bool, x: Tensor) -> None:
    model = TinyCnn().train(training)
    with as_before(model, x):
        CamEngine(model).explain(
            x, layer=[None, "block"], variant=["gradcam", "guided_relu", "scorecam", "guided_gradcam"]
        )


def test_several_arrays_are_not_taken_for_one(x: Tensor) -> None:
    found = CamEngine(TinyCnn().eval()).explain(x, 0, ["last", "block"])
    assert found["block", "gradcam"].shape == found["last", "gradcam"].shape == (2, 32, 32)
    with pytest.raises(ValueError, match=r"2 arrays.*\['block', 'gradcam'\]"):
        _ = found.shape
    with pytest.raises(KeyError, match="did you mean 'last, gradcam'"):
        _ = found["lasst", "gradcam"]
