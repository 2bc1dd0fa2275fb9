"""What each channel adds to a map: by hand on a tiny network, and against the engine's own tensors."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from camwidget import VARIANTS, CamEngine
from camwidget.engine import Recording

WEIGHING = [v.id for v in VARIANTS.values() if v.weights != "none"]


class Two(nn.Module):
    """Two channels, which are the two of the input; the score is 3 times the mean of one less that of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Identity()
        self.head = nn.Linear(2, 1, bias=False)
        self.head.weight.data = torch.tensor([[3.0, -1.0]])

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x * 1).mean((2, 3)))


@pytest.fixture
def recording(cnn: nn.Module, x: Tensor) -> Recording:
    return CamEngine(cnn).record(x)


def test_grad_cam_by_hand() -> None:
    a = torch.tensor([[[1.0, 2.0], [0.0, 5.0]], [[4.0, 0.0], [0.0, 8.0]]])
    found = CamEngine(Two()).record(a[None]).inside(0, "layer", top=1)
    assert found.weights.tolist() == [0.75, -0.25]  # 3 and -1, over four cells
    assert found.sums.tolist() == [6.0, -3.0]
    assert found.total == 3.0
    assert found.shares.tolist() == [2.0, -1.0]
    assert found.strongest.tolist() == [0]
    assert torch.equal(found.activations[0], a[0])
    assert torch.equal(found.contributions[0], 0.75 * a[0])
    assert torch.equal(found.rest, -0.25 * a[1])
    assert torch.equal(found.without([0]), found.rest)
    assert torch.equal(found.without([1]), 0.75 * a[0])
    assert not found.without([1, 0, 1]).any()


def test_those_with_weights_are_the_ones_the_panel_promises() -> None:
    assert {v for v in WEIGHING if VARIANTS[v].weights == "cell"} == {"hirescam", "layercam", "elementwise"}
    assert set(WEIGHING) == {
        "gradcam", "gradcam++", "xgradcam", "guided_relu", "deconv_relu", "hirescam", "layercam", "elementwise",
    }  # fmt: skip


@pytest.mark.parametrize("variant", WEIGHING)
@pytest.mark.parametrize("layer", ["last", "pool1"])
def test_shown_and_rest_give_the_map(recording: Recording, variant: str, layer: str) -> None:
    for image in (0, 1):
        found = recording.inside(2, layer, variant, top=5, image=image)
        signed = recording.cams([2], layer, variant)[image, 0]
        assert torch.equal(found.signed, signed)
        scale = float(signed.abs().max())
        assert scale > 0
        assert (found.contributions.sum(0) + found.rest - signed).abs().max() <= 1e-6 * scale
        assert abs(float(found.sums.sum()) - float(signed.sum())) <= 1e-5 * float(found.sums.abs().sum())
        assert float(found.shares.sum()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("variant", WEIGHING)
def test_each_number_is_that_of_the_engines_tensors(recording: Recording, variant: str) -> None:
    found = recording.inside(1, "pool1", variant, top=8)
    a = recording.activations("pool1")[0]
    g = recording.gradients(1, ["pool1"], VARIANTS[variant].rule)["pool1"][0]
    assert torch.equal(found.activations, a[found.strongest])
    weights = {"hirescam": g, "layercam": g.clamp(min=0), "elementwise": torch.where(g * a > 0, g, 0)}
    if variant in weights:
        w = weights[variant]
        assert found.weight_maps is not None
        torch.testing.assert_close(found.weight_maps, w[found.strongest], rtol=1e-6, atol=1e-9)
        torch.testing.assert_close(found.contributions, (w * a)[found.strongest], rtol=1e-6, atol=1e-9)
    else:
        assert found.weight_maps is None
        torch.testing.assert_close(
            found.contributions,
            found.weights[found.strongest][:, None, None] * a[found.strongest],
            rtol=1e-6,
            atol=1e-9,
        )
    if variant in ("gradcam", "guided_relu", "deconv_relu"):
        torch.testing.assert_close(found.weights, g.mean((1, 2)), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(found.sums[found.strongest], found.contributions.sum((1, 2)), rtol=1e-6, atol=1e-7)
    order = found.sums.abs()[found.strongest]
    assert (order[:-1] >= order[1:]).all()


@pytest.mark.parametrize("variant", ["gradcam", "layercam"])
def test_without_is_the_sum_of_the_others(recording: Recording, variant: str) -> None:
    found = recording.inside(3, "pool1", variant, top=8)
    everything = recording.inside(3, "pool1", variant, top=1000)
    others = [i for i, k in enumerate(everything.strongest.tolist()) if k not in (2, 5)]
    wanted = everything.contributions[others].sum(0)
    torch.testing.assert_close(found.without([5, 2]), wanted, rtol=1e-5, atol=1e-6 * float(found.signed.abs().max()))


def test_guided_tells_the_plain_weights_too(recording: Recording) -> None:
    guided, plain = recording.inside(1, "pool1", "guided_relu"), recording.inside(1, "pool1")
    assert plain.plain is None and plain.rule == "standard"
    assert guided.plain is not None and torch.equal(guided.plain, plain.weights)
    assert not torch.equal(guided.weights, plain.weights)
    assert guided.rectifiers == recording.rectifiers_above("pool1") == 2


def test_a_map_of_nothing_has_no_shares() -> None:
    found = CamEngine(Two()).record(torch.zeros(1, 2, 3, 3)).inside(0, "layer")
    assert found.total == 0
    assert all(math.isnan(share) for share in found.shares.tolist())


def test_what_it_returns_is_the_users_own(recording: Recording) -> None:
    before = recording.cam(2)
    found = recording.inside(2, variant="hirescam")
    for tensor in (found.activations, found.contributions, found.weight_maps, found.signed, found.rest, found.weights):
        assert tensor is not None
        tensor.zero_()
    assert torch.equal(recording.cam(2), before)
    assert recording.inside(2).weights.any()


def test_it_prints_a_table(recording: Recording) -> None:
    words = str(recording.inside(2, top=3))
    assert words.startswith("Grad-CAM of class 2 at last: ")
    assert "the sum of 16 channels" in words and words.count("%") == 3 and "13 others add " in words


def test_errors_say_what_is_accepted(recording: Recording) -> None:
    with pytest.raises(ValueError, match=r"EigenCAM is no weighted sum of the layer's channels; accepted.*'gradcam'"):
        recording.inside(2, variant="eigencam")
    with pytest.raises(ValueError, match="image is 2, and the batch has 2; accepted: 0 to 1"):
        recording.inside(2, image=2)
    with pytest.raises(ValueError, match="top is -1"):
        recording.inside(2, top=-1)
    with pytest.raises(ValueError, match="channel 16 is out of range; layer 'last' has 0 to 15"):
        recording.inside(2).without([3, 16])
