"""What is explained: closed forms of softmax, contrast and regions, and what is said of a target that does not fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from camwidget.engine import CamEngine, Recording, Target
from tests.conftest import TinyCnn


class Segmenter(nn.Module):
    """Dense scores ``(N, 5, 16, 16)``, in a dict with auxiliary ones. Its head is linear in what ``last`` returns."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.stem, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.head, self.side = nn.Conv2d(8, classes, 1), nn.Conv2d(8, classes, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.stem(x).relu()
        return {"out": self.head(self.last(x)), "aux": self.side(x)}


@pytest.fixture
def dense() -> Recording:
    return CamEngine(Segmenter()).record(torch.randn(2, 3, 16, 16))


@pytest.fixture
def recording(cnn: nn.Module, x: Tensor) -> Recording:
    return CamEngine(cnn, labels=("cat", "dog", "owl", "fox", "newt", "crane")).record(x)


def gradient(recording: Recording, target: Any) -> Tensor:
    return recording.gradients(target, ["last"])["last"]


close = torch.testing.assert_close

# ---------------------------------------------------------------------- scores (N, K)


def test_a_plain_target_is_the_class(recording: Recording) -> None:
    for same in (Target(3), Target([3, 3]), Target("fox"), Target(torch.tensor(3)), "fox", "FOX", ["fox", 3]):
        assert torch.equal(recording.cam(same), recording.cam(3))
    assert torch.equal(recording.cam(Target([4, 1])), recording.cam([4, 1]))
    close(recording.value([4, 1]), recording.scores[[0, 1], [4, 1]])


def test_a_second_variant_of_any_target_is_arithmetic(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    recording.cam(1, score="softmax", against=[2, 3], gamma=0.5)
    monkeypatch.setattr(torch.autograd, "grad", None)  # a backward pass would fail
    recording.cam(1, variant="layercam", score="softmax", against=(2, 3), gamma=0.5)
    recording.cam(Target("dog", against=["owl", "fox"], gamma=0.5, score="softmax"), variant="hirescam")
    with pytest.raises(TypeError, match="not callable"):
        recording.cam(1, score="softmax", against=[2, 3], gamma=0.6)


def test_the_softmax_gradient_is_p_times_delta_minus_p_of_the_logits(recording: Recording) -> None:
    each = torch.stack([gradient(recording, k) for k in range(6)])
    p = recording.scores.softmax(1)
    weighted = (p.T[:, :, None, None, None] * each).sum(0)
    expected = p[:, 2, None, None, None] * (each[2] - weighted)
    close(gradient(recording, Target(2, score="softmax")), expected, rtol=1e-4, atol=1e-8)
    close(gradient(recording, Target(2, score="log_softmax")), each[2] - weighted, rtol=1e-4, atol=1e-7)
    close(recording.value(Target(2, score="softmax")), p[:, 2])
    close(recording.value(Target(2, score="log_softmax")), p[:, 2].log())


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 5), st.lists(st.integers(0, 5), min_size=1, max_size=4), st.floats(-2, 2))
def test_contrast_is_linear(target: int, others: list[int], gamma: float) -> None:
    torch.manual_seed(0)
    recording = CamEngine(TinyCnn().eval()).record(torch.randn(2, 3, 16, 16))
    maps = recording.cams(range(6))
    expected = maps[:, target] - gamma * maps[:, others].mean(1)
    made = recording.cams([target], against=others, gamma=gamma)[:, 0]
    close(made, expected, rtol=1e-4, atol=1e-5 * float(maps.abs().max()))
    s = recording.scores
    close(recording.value(Target(target, others, gamma)), s[:, target] - gamma * s[:, others].mean(1))


def test_references_for_each_image(recording: Recording) -> None:
    both = recording.cams([Target([0, 1], against=[[2], [3, 4]])])[:, 0]
    close(both[0], recording.cams([0], against=2)[0, 0])
    close(both[1], recording.cams([1], against=[3, 4])[1, 0])
    alone = CamEngine(recording._engine.model).record(recording.x[1:])
    close(alone.cams([recording.resolve_target(Target([0, 1], against=[[2], [3, 4]])).row(1)])[0, 0], both[1])


@settings(deadline=None, max_examples=15)
@given(st.permutations(range(6)), st.sampled_from(["logit", "softmax", "log_softmax"]), st.booleans())
def test_classes_that_change_places_keep_their_maps(order: list[int], score: str, against: bool) -> None:
    torch.manual_seed(0)
    model, x = TinyCnn().eval(), torch.randn(1, 3, 16, 16)
    other = TinyCnn().eval()
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        other.fc.weight.copy_(model.fc.weight[list(order)])
        other.fc.bias.copy_(model.fc.bias[list(order)])
    d = order.index(4) if against else None
    made = CamEngine(other).record(x).cam(order.index(1), variant="hirescam", score=score, against=d)
    expected = CamEngine(model).record(x).cam(1, variant="hirescam", score=score, against=4 if against else None)
    close(made, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_a_sure_softmax_has_a_map_in_half_precision(cnn: TinyCnn, x: Tensor) -> None:
    with torch.no_grad():
        cnn.fc.bias[2] += 40  # p is 1 but for 1e-17, which half precision does not know
    exact = CamEngine(cnn).record(x).cams([2], score="softmax", variant="hirescam")
    assert 0 < float(exact.abs().max()) < 1e-15
    coarse = CamEngine(cnn.half()).record(x).cams([2], score="softmax", variant="hirescam")
    close(coarse, exact, rtol=0.1, atol=0.1 * float(exact.abs().max()))


# ---------------------------------------------------------------------- dense scores (N, K, *out)


def test_dense_scores_are_read_as_means_and_shares(dense: Recording) -> None:
    raw = dense._scores.detach()
    assert (dense.scores.shape, dense.output_grid) == ((2, 5), (16, 16))
    close(dense.scores, raw.mean((2, 3)))
    close(dense.shares(), raw.softmax(1).mean((2, 3)))
    close(dense.shares().sum(1), torch.ones(2))


def test_scores_without_a_grid_have_shares_too(recording: Recording) -> None:
    assert recording.output_grid == ()
    close(recording.shares(), recording.scores.softmax(1))


def test_one_pixel_has_the_gradient_of_its_score(dense: Recording) -> None:
    """The head is a 1x1 convolution, so the gradient is the weight of the class, there and nowhere else."""
    expected = torch.zeros(2, 8, 16, 16)
    expected[:, :, 3, 12] = dense._engine.model.head.weight[4, :, 0, 0].detach()
    close(gradient(dense, Target(4, region=(3, 12))), expected)
    close(dense.value(Target(4, region=(3, 12))), dense._scores[:, 4, 3, 12].detach())


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), min_size=1, max_size=6, unique=True))
def test_a_region_is_the_mean_of_its_pixels(pixels: list[tuple[int, int]]) -> None:
    torch.manual_seed(0)
    dense = CamEngine(Segmenter()).record(torch.randn(1, 3, 16, 16))
    mask = torch.zeros(16, 16, dtype=torch.bool)
    for pixel in pixels:
        mask[pixel] = True
    for score in ("logit", "softmax", "log_softmax"):
        each = [Target(1, against=2, score=score, region=pixel) for pixel in pixels]
        whole = Target(1, against=2, score=score, region=mask)
        for of in (lambda t: dense.cams([t])[:, 0], dense.value, lambda t: gradient(dense, t)):
            close(of(whole), torch.stack([of(t) for t in each]).mean(0), rtol=1e-4, atol=1e-7)


def test_without_a_region_the_pixels_where_the_class_wins(dense: Recording) -> None:
    wins = dense._scores.argmax(1)
    masks = wins == 3
    assert masks.flatten(1).any(1).all()
    assert torch.equal(dense.cam(3), dense.cam(3, region=masks))
    assert torch.equal(dense.cam(3, score="softmax"), dense.cam(3, score="softmax", region=masks))


def test_a_class_that_wins_nowhere_is_explained_everywhere() -> None:
    model = Segmenter()
    with torch.no_grad():
        model.head.bias[2] = -100
    dense = CamEngine(model).record(torch.randn(2, 3, 16, 16))
    assert torch.equal(dense.cam(2), dense.cam(2, region=np.ones((16, 16), bool)))
    close(dense.value(2), dense.scores[:, 2])


def test_of_one_class_where_its_score_is_positive() -> None:
    model, x = Segmenter(1), torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        model.head.bias -= model(x)["out"].mean()
    dense = CamEngine(model).record(x)
    positive = dense._scores[:, 0] > 0
    assert positive.flatten(1).any(1).all() and not positive.all()
    assert torch.equal(dense.cam(0), dense.cam(0, region=positive))
    close(dense.shares(), dense._scores.detach().sigmoid().mean((2, 3)))


def test_steps_of_a_signal() -> None:
    model = nn.Sequential(nn.Conv1d(4, 8, 3, padding=1), nn.ReLU(), nn.Conv1d(8, 3, 1))
    recording = CamEngine(model).record(torch.randn(2, 4, 30))
    assert recording.output_grid == (30,)
    steps = [recording.cams([1], region=step)[:, 0] for step in (5, 6, 7)]
    close(recording.cams([1], region=slice(5, 8))[:, 0], torch.stack(steps).mean(0))
    assert torch.equal(recording.cam(1, region=(5, 8)), recording.cam(1, region=slice(5, 8)))


def test_a_mask_for_each_image_and_one_image_alone(dense: Recording) -> None:
    masks = torch.rand(2, 16, 16) > 0.5
    both = dense.cams([Target(1, region=masks)])[:, 0]
    close(both[1], dense.cams([Target(1, region=masks[1])])[1, 0])
    alone = CamEngine(dense._engine.model).record(dense.x[1:])
    for target in (Target([1, 2], region=masks), Target([1, 2], region=(2, 3)), Target([1, 2])):
        expected = dense.cams([target])[1, 0]
        close(alone.cams([dense.resolve_target(target).row(1)])[0, 0], expected)


def test_a_pinned_region_stays_for_other_scores(dense: Recording) -> None:
    raw = dense._scores.detach()
    target = dense.resolve_target(3)
    pinned = target.pinned(raw)
    close(pinned.value(raw), target.value(raw))
    other = raw.roll(5, 3)
    close(
        pinned.value(other),
        torch.stack([o[3][w.argmax(0) == 3].mean() for o, w in zip(other, raw, strict=True)]).double(),
    )
    plain = Target.of_classes((1, 1))
    assert plain.pinned(torch.zeros(2, 5)) is plain


@pytest.mark.parametrize("score", ["logit", "softmax", "log_softmax"])
@pytest.mark.parametrize("region", [None, (3, 4), (2, 2, 9, 9), "mask"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_start_is_the_gradient_of_the_value(score: str, region: Any, layout: torch.memory_format) -> None:
    s = torch.randn(2, 5, 12, 16, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    chosen = torch.rand(12, 16) > 0.5 if region == "mask" else region
    target = Target([1, 2], against=[[0], [3, 4]], gamma=0.7, score=score, region=chosen).resolved(s.shape)
    (expected,) = torch.autograd.grad(target.value(s).sum(), s)
    close(target.start(s.detach()), expected, rtol=1e-9, atol=1e-12)
    half = target.start(s.detach().bfloat16())
    assert (half.dtype, half.shape) == (torch.bfloat16, s.shape)


def test_all_classes_at_once_are_refused_where_scores_are_dense(dense: Recording) -> None:
    assert not dense.all_at_once()
    with pytest.raises(ValueError, match=r"scores are dense, \(2, 5, 16, 16\).*accepted: cams"):
        dense.all_cams()


# ---------------------------------------------------------------------- equality and words


def test_targets_are_known_again() -> None:
    mask = np.eye(4, dtype=bool)
    assert Target(1) == Target(np.int64(1)) == Target(1, gamma=0.5) != Target(2)
    assert Target([1, 2], against=[3], region=mask) == Target((1, 2), against=3, region=torch.from_numpy(mask))
    assert len({Target(1, against=2), Target(1, against=[2]), Target(1, against=2, gamma=2)}) == 2
    with pytest.raises(AttributeError):
        Target(1).score = "softmax"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(3), "class 3"),
        (Target("dog", against=["cat", "owl"]), "class 'dog' against classes 'cat' and 'owl'"),
        (Target([3, 4], score="softmax"), "softmax of classes 3 and 4"),
        (Target(list(range(9)), region=(1, 2)), "classes 0, 1, 2 and 6 more in [1, 2]"),
        (Target(1, region=np.ones((4, 5), bool)), "class 1 in a mask of 4 x 5"),
        (Target(1, region=np.s_[2:, :3]), "class 1 in [2:, :3]"),
        (Target(math.sqrt), "the callable sqrt"),
    ],
)
def test_targets_in_words(target: Target, words: str) -> None:
    assert str(target) == words


# ---------------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ("keywords", "error", "says"),
    [
        ({"score": "sigmoid"}, ValueError, "unknown score 'sigmoid'"),
        ({"against": 6}, ValueError, "against 6 is out of range; the model has 6 classes"),
        ({"against": 1.5}, TypeError, "against 1.5 is a float; accepted: a class by its index or name"),
        ({"against": "dgo"}, ValueError, "unknown class 'dgo'; did you mean 'dog'"),
        ({"against": [[1], [2], [3]]}, ValueError, r"against has 3 sequences for 2 image\(s\)"),
        ({"against": 1, "gamma": "much"}, TypeError, "gamma is 'much'; accepted: a number"),
        ({"against": 1, "gamma": math.nan}, TypeError, "gamma is nan"),
        ({"region": (1, 2)}, ValueError, r"region is given, and the scores have no grid, only classes"),
        ({"region": "left"}, TypeError, "region is 'left'; accepted: a position"),
    ],
)
def test_keywords_that_do_not_fit(
    keywords: dict[str, Any], error: type[Exception], says: str, recording: Recording
) -> None:
    for ask in (lambda: recording.cam(0, **keywords), lambda: recording.cams([0], **keywords)):
        with pytest.raises(error, match=says):
            ask()


def test_a_softmax_over_one_class_is_refused(x: Tensor) -> None:
    recording = CamEngine(TinyCnn(1).eval()).record(x)
    assert recording.cam(0).isfinite().all()
    with pytest.raises(ValueError, match="over the one class of this model is always the same; accepted: 'logit'"):
        recording.cam(0, score="softmax")


@pytest.mark.parametrize("wrong", [None, 1.5, True, {0: 1}, b"cat", [1.5], object()])
def test_a_target_of_nothing(wrong: Any) -> None:
    with pytest.raises(TypeError, match="accepted: a class by its index or name, or a sequence of them, or a callable"):
        Target(wrong)


def test_keywords_beside_a_target(recording: Recording) -> None:
    with pytest.raises(TypeError, match=r"score is given beside a Target; accepted: Target\(..., score=...\)"):
        recording.cam(Target(1), score="softmax")
    with pytest.raises(ValueError, match="a callable says by itself what is explained"):
        recording.cam(lambda output: output[:, 0], against=1)


def test_masks_for_another_number_of_images(dense: Recording) -> None:
    with pytest.raises(ValueError, match=r"region has 3 masks for 2 image\(s\)"):
        dense.cam(0, region=torch.ones(3, 16, 16, dtype=torch.bool))


# ---------------------------------------------------------------------- names


def test_a_name_that_is_unknown_says_the_nearest(recording: Recording) -> None:
    with pytest.raises(ValueError, match="unknown class 'foxx'; did you mean 'fox'"):
        recording.cam("foxx")
    with pytest.raises(ValueError, match="unknown class 'nwet'; did you mean 'newt'"):
        recording.cam(Target("nwet"))


def test_names_where_none_are_known(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    for target in ("cat", Target("cat"), ["cat", "dog"]):
        with pytest.raises(
            TypeError, match=r"a class index from 0 to 5, or one of the names that CamEngine\(model, labels"
        ):
            recording.cam(target)


def test_labels_may_name_some_classes(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn, labels={1: "dog", 4: "newt"}).record(x)
    assert torch.equal(recording.cam("newt"), recording.cam(4))
    assert torch.equal(recording.cam("class 5"), recording.cam(5))


def test_two_classes_of_one_name(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn, labels=["crane", "dog", "owl", "fox", "newt", "crane"]).record(x)
    with pytest.raises(ValueError, match=r"2 classes are called 'crane': 0 and 5\. Give the index"):
        recording.cam("crane")


@pytest.mark.parametrize("wrong", ["cat", 3, {}, {"0": "cat"}, {True: "cat"}, {-1: "cat"}])
def test_labels_that_are_none(wrong: Any, cnn: nn.Module) -> None:
    with pytest.raises(TypeError, match=r"labels is .*accepted: .*a dict from index to name"):
        CamEngine(cnn, labels=wrong)


@pytest.mark.parametrize(("labels", "says"), [(["cat"], "1 labels for 6 classes"), ({6: "cat"}, "has the index 6")])
def test_labels_of_another_number(labels: Any, says: str, cnn: nn.Module, x: Tensor) -> None:
    with pytest.raises(ValueError, match=says):
        CamEngine(cnn, labels=labels).record(x)
