"""A weighted sum of class scores and its gradient, against autograd, closed forms and many digits."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from camwidget.engine.scoring import SCORES, Score, gradient, read_score, value

numbers = st.floats(-30, 30, allow_nan=False)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    b, k = draw(st.integers(1, 3)), draw(st.integers(2, 6))
    z, w = (draw(st.lists(numbers, min_size=b * k, max_size=b * k)) for _ in range(2))
    return torch.tensor(z, dtype=torch.float64).reshape(b, k), torch.tensor(w, dtype=torch.float64).reshape(b, k) / 30


@settings(deadline=None)
@given(rows(), st.sampled_from(SCORES))
def test_the_gradient_is_that_of_autograd(drawn: tuple[Tensor, Tensor], score: Score) -> None:
    z, w = drawn
    z.requires_grad_()
    (expected,) = torch.autograd.grad(value(z, w, score).sum(), z)
    torch.testing.assert_close(gradient(z.detach(), w, score), expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(rows(), st.sampled_from(SCORES), st.randoms(use_true_random=False))
def test_classes_may_change_places(drawn: tuple[Tensor, Tensor], score: Score, random: object) -> None:
    z, w = drawn
    order = list(range(z.shape[1]))
    random.shuffle(order)  # type: ignore[attr-defined]
    torch.testing.assert_close(gradient(z[:, order], w[:, order], score), gradient(z, w, score)[:, order])
    torch.testing.assert_close(value(z[:, order], w[:, order], score), value(z, w, score))


@settings(deadline=None)
@given(rows(), st.sampled_from(SCORES), st.floats(-4, 4))
def test_value_and_gradient_are_linear_in_the_weights(
    drawn: tuple[Tensor, Tensor], score: Score, factor: float
) -> None:
    z, w = drawn
    other = w.flip(1)
    for function in (value, gradient):
        both = function(z, w + factor * other, score)
        torch.testing.assert_close(both, function(z, w, score) + factor * function(z, other, score))


@settings(deadline=None)
@given(rows(), st.sampled_from(SCORES[1:]), st.floats(-100, 100))
def test_softmax_does_not_see_a_shift_of_all_scores(drawn: tuple[Tensor, Tensor], score: Score, shift: float) -> None:
    z, w = drawn
    found = gradient(z, w, score)
    torch.testing.assert_close(gradient(z + shift, w, score), found, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.sum(1), torch.zeros(len(z), dtype=torch.float64), rtol=0, atol=1e-12)


def test_softmax_of_one_class_is_p_times_delta_minus_p() -> None:
    z, w = torch.randn(2, 5), torch.zeros(2, 5)
    w[:, 3] = 1
    p = z.double().softmax(1)
    torch.testing.assert_close(gradient(z, w, "softmax"), p[:, 3:4] * (w - p))
    torch.testing.assert_close(gradient(z, w, "log_softmax"), w - p)
    torch.testing.assert_close(gradient(z, w, "logit"), w.double())


@pytest.mark.parametrize("ahead", [20, 40, 80, 300, 700])
def test_a_class_that_is_sure_of_itself_keeps_its_gradient(ahead: float) -> None:
    """With scores (a, 0): 1 - p is exp(-a) / (1 + exp(-a)), which is lost where p is rounded to 1."""
    z, w = torch.tensor([[ahead, 0.0]]), torch.tensor([[1.0, 0.0]])
    rest = math.exp(-ahead) / (1 + math.exp(-ahead))
    assert gradient(z, w, "log_softmax").tolist()[0] == pytest.approx([rest, -rest], rel=1e-12)
    assert gradient(z, w, "softmax").tolist()[0] == pytest.approx([rest * (1 - rest), -rest * (1 - rest)], rel=1e-12)
    against = torch.tensor([[1.0, -1.0]])
    assert gradient(z, against, "softmax").tolist()[0] == pytest.approx([2 * rest * (1 - rest), -2 * rest], rel=1e-9)


def test_classes_that_are_ruled_out_do_no_harm() -> None:
    z, w = torch.tensor([[1.0, -math.inf, 0.5]]), torch.tensor([[1.0, 0.0, -1.0]])
    for score in SCORES:
        assert value(z, w, score).isfinite().all()
        assert gradient(z, w, score).isfinite().all()
    assert float(value(z, w, "logit")) == 0.5


def test_an_unknown_score_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown score 'sofmax'; did you mean 'softmax'"):
        read_score("sofmax")
    with pytest.raises(ValueError, match="Accepted: 'logit', 'softmax', 'log_softmax'"):
        read_score(None)
