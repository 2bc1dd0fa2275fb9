"""New weights from the top down, on a twin."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from camwidget import CamEngine
from camwidget.metrics import randomisation, randomised
from camwidget.metrics.randomisation import modules_from_the_top, spearman
from tests.conftest import TinyCnn
from tests.promises.snapshot import as_before

FROM_THE_TOP = ["fc", "last.0", "block.1", "block.0", "stem.0"]


def test_the_user_s_model_is_left_without_a_trace(x: Tensor) -> None:
    model = TinyCnn()
    with as_before(model, x):
        randomised(model)
    with as_before(model, x):
        randomisation(model, x, 0)


def test_modules_go_in_the_order_in_which_they_run(x: Tensor) -> None:
    assert modules_from_the_top(CamEngine(TinyCnn()), x) == FROM_THE_TOP


def test_what_is_new_and_what_stays() -> None:
    model = TinyCnn().eval()
    nn.init.uniform_(model.block[1].weight)
    twin = randomised(model, ["fc", "block.1"], seed=3)
    changed = {name for name, p in twin.named_parameters() if not torch.equal(p, model.get_parameter(name))}
    assert changed == {"fc.weight", "fc.bias", "block.1.weight"}
    assert twin.stem[0].weight is model.stem[0].weight and twin.fc.weight is not model.fc.weight
    assert torch.equal(randomised(model, seed=3).fc.weight, randomised(model, seed=3).fc.weight)
    assert not torch.equal(randomised(model, seed=4).fc.weight, randomised(model, seed=3).fc.weight)
    with pytest.raises(ValueError, match="no module 'fcc'"):
        randomised(model, ["fcc"])


def test_weights_that_no_method_resets_are_drawn_as_wide_as_they_were() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(3 * torch.randn(60, 50))
            self.conv = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3))

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x).mean((2, 3)) @ self.table[:8]

    model = Bare()
    with as_before(model):
        twin = randomised(model)
    assert float(twin.table.detach().std()) == pytest.approx(float(model.table.detach().std()), rel=0.1)
    assert not torch.equal(twin.table, model.table)
    assert not torch.equal(twin.conv.weight, model.conv.weight)


def test_a_map_of_no_class_survives_a_new_head(x: Tensor) -> None:
    """EigenCAM asks no score: with a new head alone it is the same, and Grad-CAM is another one."""
    model = TinyCnn().eval()
    found = {v: randomisation(model, x, [1, 2], "last", v, steps=5) for v in ("eigencam", "hirescam")}
    assert found["eigencam"].modules == tuple(FROM_THE_TOP)
    assert found["eigencam"].similarity.shape == (5, 2)
    torch.testing.assert_close(found["eigencam"].similarity[0], torch.ones(2))
    assert (found["hirescam"].similarity[0] < 0.99).all()
    assert (found["eigencam"].similarity[1:] < 0.99).all()


def test_each_step_has_all_above_it_new(x: Tensor) -> None:
    model = TinyCnn().eval()
    found = randomisation(model, x, 1, "block", steps=2)
    assert found.modules == ("block.1", "stem.0")
    trained = CamEngine(model).record(x).cam(1, "block")
    for names, similarity in zip((FROM_THE_TOP[:3], FROM_THE_TOP), found.similarity, strict=True):
        other = CamEngine(randomised(model, names)).record(x).cam(1, "block")
        torch.testing.assert_close(similarity, spearman(trained, other))


def test_rank_correlation_is_scipy_s() -> None:
    a = torch.randn(3, 5, 4).round(decimals=1).clamp(min=0)  # with equal values
    b = a + torch.randn(3, 5, 4)
    expected = [spearmanr(p.flatten(), q.flatten()).statistic for p, q in zip(a, b, strict=True)]
    torch.testing.assert_close(spearman(a, b), torch.tensor(expected, dtype=torch.float32))
    assert spearman(a, torch.ones(3, 5, 4)).tolist() == [0, 0, 0]
    torch.testing.assert_close(spearman(a, a.exp()), torch.ones(3))
    torch.testing.assert_close(spearman(a, -a), -torch.ones(3))
