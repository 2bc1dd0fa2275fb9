"""A network with one score: labels 0 and 1, two classes, maps of one score with either sign."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget import VARIANTS, CamEngine
from camwidget.gallery import sides
from tests.conftest import TinyCnn
from tests.unit.gallery.conftest import Made
from tests.wire.front_end import settle
from tests.wire.gallery_end import GalleryEnd, values


@pytest.fixture
def one() -> nn.Module:
    model = TinyCnn(1).eval()
    with torch.no_grad():
        x = torch.randn(8, 3, 28, 28)
        model.fc.bias -= model(x).median()  # about as many above as below
    return model


@pytest.fixture
def x() -> Tensor:
    return torch.randn(12, 3, 28, 28) * torch.linspace(0.1, 8, 12)[:, None, None, None]


def test_scores_and_losses_are_those_of_two_classes(gallery: Made, one: nn.Module, x: Tensor) -> None:
    truth = torch.arange(12) % 2
    made = gallery((x, truth), model=one, labels=["cat"])
    frame = made.frame
    with torch.no_grad():
        score = one(x)[:, 0]
    above = (score > 0).numpy()
    assert 0 < above.sum() < 12
    assert made.labels == ("not cat", "cat")
    assert frame["predicted"].tolist() == [made.labels[int(a)] for a in above]
    assert frame["truth"].tolist() == [made.labels[int(t)] for t in truth]
    due = F.binary_cross_entropy_with_logits(score, truth.float(), reduction="none")
    np.testing.assert_allclose(frame["loss"], due, rtol=1e-5)
    np.testing.assert_allclose(frame["confidence"], torch.maximum(score.sigmoid(), 1 - score.sigmoid()), rtol=1e-5)
    assert made.confusion.to_numpy().sum() == 12


def test_evidence_for_one_class_is_evidence_against_the_other(gallery: Made, one: nn.Module, x: Tensor) -> None:
    made = gallery((x, [1 - int(s > 0) for s in one(x)[:, 0]]), model=one, labels=None)  # all are mistakes
    page = GalleryEnd(made)
    page.send({"kind": "scores?"})
    settle()
    for index, (item, (_, first, second)) in page.ask(1, [0, 5, 11]).items():
        due = CamEngine(one).record(x[index][None]).cams([0], made.layer)[0, 0].numpy()
        due = due if page.scores()["predicted"][index] == 1 else -due
        np.testing.assert_allclose(values(item, first), due, atol=2e-3 * np.abs(due).max())
        np.testing.assert_allclose(values(item, second, 1), -due, atol=2e-3 * np.abs(due).max())
    made.opened = 5
    settle()
    assert made.widget.labels == ("class 1",) and made.labels == ("class 0", "class 1")
    assert made.widget.status["state"] == "ready"


def test_names_may_be_given_for_both(gallery: Made, one: nn.Module, x: Tensor) -> None:
    assert gallery((x, [0, 1] * 6), model=one, labels=["dog", "cat"]).labels == ("dog", "cat")
    assert gallery((x, ["cat", "dog"] * 6), model=one, labels={0: "dog", 1: "cat"}).labels == ("dog", "cat")
    forms = (np.array(["dog", "cat"]), {"0": "dog", "1": "cat"}, {"categories": ["dog", "cat"]})  # as of CamWidget
    assert {sides.names(one, form) for form in forms} == {("dog", "cat")}
    assert sides.names(one, {1: "cat"}) == ("class 0", "cat")
    with pytest.raises(ValueError, match=r"truth\[1\] is 2; accepted: 0 to 1"):
        gallery((x, [0, 2] * 6), model=one, labels=None)


@pytest.mark.parametrize("variant", [name for name, one in VARIANTS.items() if not one.slow])
def test_the_map_of_class_0_is_that_of_the_score_with_the_other_sign(one: nn.Module, x: Tensor, variant: str) -> None:
    """Which is not the map with the other sign: LayerCAM drops what speaks against a class."""
    turned = copy.deepcopy(one)
    with torch.no_grad():
        turned.fc.weight.neg_()
        turned.fc.bias.neg_()
    classes = [0, 1, 1, 0]
    at_input = VARIANTS[variant].at_input
    found, plain, other = (CamEngine(model).record(x[:4], None, at_input) for model in (one, one, turned))
    layer = found.default_layer
    maps = found.cams([sides.target(classes)], layer, variant)[:, 0]
    for row, side in enumerate(classes):
        due = (plain if side else other).cams([0], layer, variant)[row, 0]
        torch.testing.assert_close(maps[row], due)
    torch.testing.assert_close(found.cams([sides.target([1] * 4)], layer, variant), plain.cams([0], layer, variant))
    alone = CamEngine(one).record(x[:1], None, at_input).cams([sides.target([0])], layer, variant)[0, 0]
    torch.testing.assert_close(alone, other.cams([0], layer, variant)[0, 0])


def test_a_model_with_more_classes_by_now_is_told_by_its_own_number(gallery: Made, one: nn.Module, x: Tensor) -> None:
    made = gallery(x, model=one, labels=None)
    assert len(made.frame) == 12
    one.fc = nn.Linear(one.fc.in_features, 3)
    with pytest.raises(ValueError, match="has 3 classes by now, and this was made for 1"):
        _ = made.frame


class Clamped(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(1e-6, 1 - 1e-6).clone()


@pytest.mark.parametrize("tail", [[nn.Sigmoid()], [nn.Sigmoid(), nn.Flatten(0)], [nn.Sigmoid(), Clamped()]])
def test_a_model_that_ends_in_a_sigmoid_says_probabilities(
    gallery: Made, one: nn.Module, x: Tensor, tail: list[nn.Module]
) -> None:
    """Half of them are class 1, and not all whose probability is above 0."""
    frame = gallery(x, model=nn.Sequential(one, *tail).eval(), labels=None).frame
    with torch.no_grad():
        likely = one(x)[:, 0].sigmoid()
    assert frame["predicted"].tolist() == [f"class {int(p > 0.5)}" for p in likely]
    np.testing.assert_allclose(frame["confidence"], torch.maximum(likely, 1 - likely), rtol=1e-5)
