"""New weights from the top down, on a twin."""

from __future__ import annotations

import copy
import threading

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


def test_what_other_threads_draw_meanwhile_is_theirs() -> None:
    """A worker draws new weights while the user's own code draws numbers: neither sees the other's."""
    model = TinyCnn()
    torch.manual_seed(5)
    alone = torch.rand(3)
    torch.manual_seed(5)
    drawn: list[nn.Module] = []
    worker = threading.Thread(target=lambda: drawn.append(randomised(model, seed=3)))
    worker.start()
    worker.join()
    assert torch.equal(torch.rand(3), alone)
    assert torch.equal(drawn[0].fc.weight, randomised(model, seed=3).fc.weight)
    expected = nn.Conv2d(3, 8, 3, padding=1)
    torch.manual_seed(3)
    expected.reset_parameters()
    assert torch.equal(randomised(model, ["stem.0"], seed=3).stem[0].weight, expected.weight), "as torch draws them"


def test_guided_backpropagation_stands_beside(x: Tensor) -> None:
    """Its map by hand: the gradient through rectifiers that pass on positive gradients only."""
    model = TinyCnn().eval()
    found = randomisation(model, x, 2, "last", steps=2)

    def magnitudes(net: nn.Module) -> Tensor:
        net = copy.deepcopy(net)
        for module in net.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = False
                module.register_full_backward_hook(lambda _m, grads, _out: (grads[0].clamp(min=0),))
        leaf = x.clone().requires_grad_()
        return torch.autograd.grad(net(leaf)[:, 2].sum(), leaf)[0].abs().sum(1)

    for names, guided in zip((FROM_THE_TOP[:3], FROM_THE_TOP), found.guided, strict=True):
        expected = spearman(magnitudes(model), magnitudes(randomised(model, names)))
        torch.testing.assert_close(guided, expected, atol=1e-3, rtol=0)
    small = CamEngine(model, memory=100_000)
    assert small.record(x).left_out
    assert randomisation(small, x, 2, "last", steps=2).guided.isnan().all()


def test_maps_at_the_input_are_compared_by_their_magnitudes(x: Tensor) -> None:
    model = TinyCnn().eval()
    found = randomisation(model, x, 2, "last", "guided_gradcam", steps=2)
    other = randomised(model, FROM_THE_TOP)
    maps = [CamEngine(net).record(x).cam(2, "last", "guided_gradcam").abs() for net in (model, other)]
    torch.testing.assert_close(found.similarity[-1], spearman(*maps))


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


def test_a_module_that_resets_those_below_it_does_not_reset_the_user_s() -> None:
    """``nn.MultiheadAttention`` zeroes the bias of its projection, which runs as no module of its own."""

    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 5)
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.conv(x).relu().flatten(2).transpose(1, 2)
            return self.head(self.attention(tokens, tokens, tokens)[0].mean(1))

    model, x = Attending().eval(), torch.randn(1, 3, 8, 8)
    nn.init.normal_(model.attention.out_proj.bias)
    with as_before(model, x):
        twin = randomised(model, ["attention"])
        randomisation(model, x, 0, "conv")
    assert twin.attention.out_proj.bias is model.attention.out_proj.bias, "its turn has not come"
    assert not torch.equal(twin.attention.in_proj_weight, model.attention.in_proj_weight)
