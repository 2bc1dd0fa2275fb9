"""ShapleyCAM where its second derivatives are known; guided Grad-CAM against its two factors."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from camwidget.engine import CamEngine
from tests.unit.engine.networks import made, relative_error


class Quadratic(nn.Module):
    """y_c = a^T Q_c a / 2 + l_c^T a of all activations a: the gradient is Q a + l, and H a is Q a."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2)
        self.q, self.l = (nn.Parameter(torch.randn(2, *shape)) for shape in ((36, 36), (36,)))

    def forward(self, x: Tensor) -> Tensor:
        a = self.conv(x).flatten(1)
        return torch.einsum("ni,cij,nj->nc", a, self.q, a) / 2 + a @ self.l.T


class Attention(nn.Module):
    """Fused attention has no second derivative in torch."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.conv = nn.Conv2d(3, 8, 4, stride=4)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        t = self.conv(x).flatten(2).transpose(1, 2)[:, None]
        made = F.scaled_dot_product_attention(t, t, t) if self.fused else (t @ t.mT / 8**0.5).softmax(3) @ t
        return self.fc(made[:, 0].mean(1).tanh())


def test_shapley_of_a_quadratic_score() -> None:
    torch.manual_seed(2)
    model, x = Quadratic().eval(), torch.randn(3, 3, 8, 8)
    recording = CamEngine(model).record(x)
    a = recording.activations("conv")
    for score in range(2):
        q = model.q[score].detach()
        bent = torch.einsum("ij,nj->ni", (q + q.T) / 2, a.flatten(1))
        weights = (bent + model.l[score].detach() - bent / 2).reshape(a.shape).mean((2, 3))
        expected = torch.einsum("nc,nchw->nhw", weights, a)
        assert relative_error(recording.cams([score], "conv", "shapleycam")[:, 0], expected) <= 1e-5


@pytest.mark.parametrize("case", ["residual, in the block", "dense", "3-D"])
def test_shapley_behind_rectifiers_is_gradcam(case: str) -> None:
    model, x, layer = made(case)
    recording = CamEngine(model).record(x)
    assert torch.equal(recording.cams(range(5), layer, "shapleycam"), recording.cams(range(5), layer))


def test_shapley_behind_a_smooth_layer_is_not_gradcam() -> None:
    model, x, layer = made("channels last")
    recording = CamEngine(model).record(x)
    assert relative_error(recording.cams([1], layer, "shapleycam"), recording.cams([1], layer)) > 1e-3


def test_shapley_through_fused_attention() -> None:
    torch.manual_seed(2)
    fused, plain, x = Attention(True).eval(), Attention(False).eval(), torch.randn(2, 3, 16, 16)
    plain.load_state_dict(fused.state_dict())
    expected = CamEngine(plain).record(x).cams(range(3), "conv", "shapleycam")
    recording = CamEngine(fused).record(x)
    assert relative_error(recording.cams(range(3), "conv", "shapleycam"), expected) <= 1e-4
    assert relative_error(recording.cams(range(3), "conv"), expected) > 1e-3


def test_shapley_where_there_is_no_second_derivative_at_all() -> None:
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, t: Tensor) -> Tensor:
            return t.sin()

        @staticmethod
        def backward(ctx: object, g: Tensor) -> Tensor:
            if torch.is_grad_enabled():
                raise RuntimeError("derivative for sine is not implemented")
            return g * 0.5

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return Once.apply(self.conv(x)).tanh().mean((2, 3))

    with pytest.raises(ValueError, match=r"no second derivative in torch .*such as 'gradcam'"):
        CamEngine(Net()).record(torch.randn(1, 3, 8, 8)).cam(1, "conv", "shapleycam")


def test_guided_gradcam_is_the_product_at_the_input(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn).record(x)
    rectified = []

    def guided(module: nn.Module, _grads: object, out: tuple[Tensor]) -> tuple[Tensor]:
        rectified.append(module)
        return (_grads[0].clamp(min=0),)

    handles = [m.register_full_backward_hook(guided) for m in cnn.modules() if isinstance(m, nn.ReLU)]
    for module in cnn.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cnn(leaf)[:, 2].sum(), leaf)
    for handle in handles:
        handle.remove()
    for layer, side in (("block", 16), ("last", 8)):
        map_ = recording.cam(2, layer)
        assert map_.shape == (2, side, side)
        large = F.interpolate(map_[:, None], (32, 32), mode="bilinear", align_corners=False)[:, 0]
        expected = gradient.sum(1) * large
        found = recording.cams([2], layer, "guided_gradcam")[:, 0]
        assert found.min() < 0 < found.max()
        assert relative_error(found, expected) <= 1e-5
    assert len(rectified) == 3


@pytest.mark.parametrize("case", ["1-D", "3-D", "channels last"])
def test_guided_gradcam_has_the_size_of_the_input(case: str) -> None:
    model, x, layer = made(case)
    assert CamEngine(model).record(x).cam(1, layer, "guided_gradcam").shape == (2, *x.shape[2:])


def test_guided_gradcam_needs_the_graph_down_to_the_input(cnn: nn.Module, x: Tensor) -> None:
    recording = CamEngine(cnn, memory=100_000).record(x)
    assert recording.left_out
    with pytest.raises(
        ValueError, match=r"needs the graph down to it. Too large to be recorded whole .* such as 'gradcam'"
    ):
        recording.cam(1, variant="guided_gradcam")
    assert recording.cam(1, variant="ablationcam").shape == (2, 8, 8)
