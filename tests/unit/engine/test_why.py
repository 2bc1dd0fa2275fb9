"""Each cause of a blank map, built from a network that has it, and a healthy one beside it, of which it is not said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camwidget.engine import CamEngine, Reason, Recording, Target
from camwidget.engine import why as why_module
from camwidget.engine.why import number


class Small(nn.Module):
    """Two blocks with rectifiers, their mean, a linear head."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.early = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU())
        self.late = nn.Sequential(nn.Conv2d(4, 5, 3, 1, 1), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(5, classes)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.abs_()
            self.fc.weight[1:2] *= -1  # evidence against class 1 everywhere

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.late(self.early(x))).flatten(1))


def recorded(model: nn.Module, **more: Any) -> Recording:
    return CamEngine(model.eval(), **more).record(torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(3)))


def change(model: nn.Module, edit: Callable[[Any], object]) -> Any:
    with torch.no_grad():
        edit(model)
    return model


def said(reason: Reason | None, id_: str) -> Reason:
    """The reason, which has a sentence and a way out."""
    assert reason is not None and reason.id == id_, reason
    assert reason.text[0].isupper() and reason.text.endswith(".")
    assert reason.hint.endswith(".") or reason.id in ("training", "no-rectifier")
    return reason


def test_a_map_that_is_as_it_should_be_has_no_reason() -> None:
    recording = recorded(Small())
    for layer in ("early", "late"):
        for variant in ("gradcam", "layercam", "hirescam", "xgradcam"):
            assert recording.why(0, layer, variant) is None
            assert float(recording.cam(0, layer, variant).max()) > 0


def test_all_negative() -> None:
    recording = recorded(Small())
    reason = said(recording.why(1, "late"), "all-negative")
    signed = recording.cams([1], "late")[0, 0]
    low, high = number(float(signed.min())), number(float(signed.max()))
    assert reason.text == f"Blank map: every weighted value for class 1 is negative ({low} to {high})."
    assert "−" in low and reason.hint == "Show signed."
    assert "for automobile is" in said(recording.why(1, name="automobile"), "all-negative").text
    assert recording.why(2, "late") is None


def test_all_negative_or_zero() -> None:
    class Corner(Small):
        def forward(self, x: Tensor) -> Tensor:
            mask = torch.zeros(1, 1, 6, 6)
            mask[..., :3, :] = 1
            return self.fc(self.pool(self.late(self.early(x)) * mask).flatten(1))

    recording = recorded(Corner())
    reason = said(recording.why(1, "late", "hirescam"), "all-negative")
    assert "zero or negative" in reason.text and reason.text.endswith("to 0.00).")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda m: m.late[0].weight[0, 0].fill_(torch.nan), "the model's late.0.weight holds NaN or infinity"),
        (lambda m: m.fc.bias.fill_(torch.inf), "the model's fc.bias holds"),
        (lambda m: m.early[0].weight.mul_(3e38), "the output of early.0 is the first"),
        (lambda m: (m.fc.weight.mul_(1e38), m.fc.bias.fill_(3e38)), "the score of class 0 is not a finite number"),
    ],
)
def test_not_finite_names_what_is_first(edit: Callable[[Any], object], words: str) -> None:
    assert words in said(recorded(change(Small(), edit)).why(0), "not-finite").text


def test_gradients_that_overflow() -> None:
    class Steep(Small):
        def forward(self, x: Tensor) -> Tensor:
            # the score is 0 * 1e38 * 1e38: finite, and its gradient is not
            return self.fc((self.pool(self.late(self.early(x))).flatten(1) * 0) * 1e38 * 1e38)

    assert "their gradients overflow on the way back to late" in said(recorded(Steep()).why(0), "not-finite").text


def test_what_is_broken_for_one_class_is_not_said_of_another() -> None:
    recording = recorded(change(Small(), lambda m: m.fc.bias[2].fill_(torch.nan)))
    assert "fc.bias" in said(recording.why(2), "not-finite").text
    assert recording.why(0) is None


class Softmax(Small):
    """Ends in a softmax that is as sure of itself as ``factor`` makes it."""

    factor = 1.0

    def forward(self, x: Tensor) -> Tensor:
        return (self.factor * super().forward(x)).softmax(1)


def test_saturated_softmax() -> None:
    model = Softmax()
    assert recorded(model).why(0) is None
    model.factor = 1e3
    recording = recorded(model)
    best = int(recording.scores.argmax())
    reason = said(recording.why(best), "saturated")
    assert f"The probability of class {best} is 1 to 1e-06" in reason.text and "logits" in reason.hint
    least = int(recording.scores.argmin())
    assert recording.scores[0, least] == 0
    assert "is 0 to" in said(recording.why(least), "saturated").text


def test_large_logits_are_not_saturated() -> None:
    recording = recorded(change(Small(), lambda m: m.fc.weight.mul_(1e3)))
    assert recording.why(0) is None
    # a softmax that was asked for is worked out without rounding
    best = int(recording.scores.argmax())
    assert recording.shares()[0, best] == 1
    reason = recording.why(Target(best, score="softmax"))
    assert reason is None or reason.id != "saturated" or not recording.cam(best, score="softmax").any()


def test_equal_scores_of_an_untrained_head() -> None:
    def zero(model: Small) -> None:
        model.fc.weight.zero_()
        model.fc.bias.fill_(0.5)

    reason = said(recorded(change(Small(), zero)).why(0), "equal-scores")
    assert "All 3 scores are equal (0.50)" in reason.text and "trained" in reason.hint
    one = recorded(change(Small(1), zero)).why(0)
    assert one is None or one.id != "equal-scores"


def test_a_layer_that_puts_out_nothing() -> None:
    recording = recorded(change(Small(), lambda m: m.late[0].bias.fill_(-1e3)))
    assert "every output of late is zero" in said(recording.why(0, "late"), "dead-layer").text


def test_units_that_are_off_above_cut_the_gradient() -> None:
    recording = recorded(change(Small(), lambda m: m.late[0].bias.fill_(-1e3)))
    reason = said(recording.why(0, "early"), "dead-above")
    assert "all units of late that the score of class 0 reads are off" in reason.text
    assert "Deconv ReLU" in reason.hint
    assert float(recording.cam(0, "early", "deconv_relu").max()) > 0
    assert recorded(Small()).why(0, "early") is None


class Branches(nn.Module):
    """Each class has a branch of its own; the last sees a detached copy only."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.a, self.b = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.aside = nn.Conv2d(4, 4, 3, padding=1)
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        self.aside(x)
        a, b = self.a(x).square().mean((1, 2, 3)), self.b(x).square().mean((1, 2, 3))
        return torch.stack([a, b, x.detach().square().mean((1, 2, 3)) * self.scale], 1)


def test_a_target_that_the_layer_does_not_reach() -> None:
    recording = recorded(Branches())
    reason = said(recording.why(1, "a"), "no-gradient")
    assert reason.text == "Blank map: the score of class 1 does not change with anything a sees."
    assert reason.hint == "Choose b, where it does."
    assert "another class" in said(recording.why(0, "b"), "no-gradient").hint
    assert "another class" in said(recording.why(2, "stem"), "no-gradient").hint
    for target, layer in ((0, "a"), (1, "b"), (0, "stem")):
        reason = recording.why(target, layer)
        assert reason is None or reason.id == "all-negative"


def test_a_layer_beside_the_way_to_the_scores() -> None:
    recording = recorded(Branches())
    reason = said(recording.why(0, "aside"), "not-on-path")
    assert reason.text == "The scores do not depend on layer 'aside'."
    assert recording.default_layer in reason.hint
    with pytest.raises(ValueError, match="unknown layer 'asid'"):
        recording.why(0, "asid")


def test_a_callable_that_no_path_leads_to() -> None:
    class Two(Small):
        def forward(self, x: Tensor) -> Any:
            x = self.early(x)
            return {"logits": self.fc(self.pool(self.late(x)).flatten(1)), "early": x.mean((1, 2, 3))}

    recording = recorded(Two())
    reason = said(recording.why(lambda output: output["early"], "late"), "not-on-path")
    assert "does not depend on layer 'late'" in reason.text and "'early'" in reason.hint
    assert recording.why(lambda output: output["early"], "early") is None


def test_one_cell_is_no_map() -> None:
    recording = recorded(Small())
    reason = said(recording.why(0, "pool"), "one-cell")
    assert reason.text == "Layer 'pool' gives a 1×1 map, which has no where."
    assert reason.hint == f"Choose {recording.default_layer!r}."
    with pytest.raises(ValueError, match=r"Layer 'pool' gives a 1×1 map, .* Choose 'late"):
        recording.cam(0, "pool")


def test_after_the_last_block_of_a_transformer_only_the_class_token_counts() -> None:
    model = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5)
    nn.init.normal_(model.heads.head.weight)
    recording = CamEngine(model.eval()).record(torch.randn(1, 3, 32, 32))
    last, default = "encoder.layers.encoder_layer_1", "encoder.layers.encoder_layer_1.ln_1"
    assert recording.default_layer == default
    reason = said(recording.why(0, "encoder.layers"), "class-token")
    assert "the class token only" in reason.text and reason.hint == f"Choose {default} or an earlier layer."
    assert last in recording.resolve(last) or recording.why(0, last)
    reason = recording.why(0, default)
    assert reason is None or reason.id == "all-negative"


def test_variants_that_count_positive_parts_only() -> None:
    recording = recorded(Small())
    reason = said(recording.why(1, "late", "layercam"), "no-positive")
    assert "nothing at late is positive for class 1, and LayerCAM counts only that" in reason.text
    assert recording.why(0, "late", "layercam") is None


def test_a_rule_that_lets_nothing_through() -> None:
    # guided: class 1 weighs every unit negatively, so no positive gradient arrives below the rectifier
    recording = recorded(Small())
    reason = said(recording.why(1, "early", "guided_relu"), "blocked-rule")
    assert "Guided ReLU lets no gradient for class 1 through to early" in reason.text
    assert recording.why(0, "early", "guided_relu") is None


def test_activations_and_gradients_that_never_meet() -> None:
    class Apart(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)
            self.seen = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x).abs()
            left = torch.zeros_like(x)
            left[..., :3] = 1
            x = self.seen(x * left)
            return (x * (1 - left)).sum((2, 3)) + 3 * torch.arange(2)

    recording = recorded(Apart())
    assert "never meet" in said(recording.why(0, "seen", "hirescam"), "never-meet").text


def test_a_map_without_a_where() -> None:
    class Flat(Small):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(torch.ones_like(x) + 0 * x)

    def level(model: Small) -> None:
        # no padding effects: each kernel is its middle
        for conv in (model.early[0], model.late[0]):
            middle = conv.weight[:, :, 1, 1].clone()
            conv.weight.zero_()
            conv.weight[:, :, 1, 1] = middle

    reason = said(recorded(change(Flat(), level)).why(0), "constant")
    assert "Every cell has the same value for class 0" in reason.text
    assert recorded(change(Small(), level)).why(0) is None


def test_rules_without_a_rectifier() -> None:
    recording = recorded(Small())
    reason = said(recording.why(0, "late", "guided_relu"), "no-rectifier")
    assert reason.text == "No rectifier between late and the scores: Guided ReLU is plain Grad-CAM here."
    assert not reason.quiet
    assert recording.why(0, "early", "guided_relu") is None


def test_a_variant_that_looks_at_no_class() -> None:
    recording = recorded(Small())
    assert said(recording.why(0, "late", "eigencam"), "class-agnostic").quiet
    assert recording.why(0, "late", "gradcam") is None


def test_a_model_in_training_mode() -> None:
    model = Small().train()
    recording = CamEngine(model).record(torch.rand(1, 3, 12, 12))
    assert said(recording.why(0), "training").quiet
    # a blank map comes first
    said(recording.why(1), "all-negative")
    model.eval()
    assert recording.why(0) is None
    assert not model.training


def test_layers_that_are_left_out() -> None:
    engine = CamEngine(Small().eval(), memory=1200)
    recording = engine.record(torch.rand(1, 3, 12, 12))
    assert recording.left_out
    reason = recording.why(0)
    assert reason is not None and reason.id == "left-out" and reason.text == recording.left_out


def test_each_image_of_a_batch_is_asked_by_itself() -> None:
    model = change(Small(), lambda m: m.early[0].bias.zero_())
    x = torch.rand(2, 3, 12, 12)
    x[1] = 0
    with torch.no_grad():
        model.late[0].bias.zero_()
    recording = CamEngine(model.eval()).record(x)
    assert recording.why(0, "late") is None
    assert recording.why(0, "late", image=1) is not None
    said(recording.why(0, "late", image=1), "dead-layer")


def test_a_map_at_hand_costs_no_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recorded(Small())
    signed = recording.cams([0, 1])[0].numpy()
    monkeypatch.setattr(torch.autograd, "grad", lambda *_args, **_more: pytest.fail("a backward pass"))
    assert recording.why(0, signed=signed[0]) is None
    said(recording.why(1, signed=signed[1]), "all-negative")


def test_numbers_are_written_as_on_the_page() -> None:
    written = [number(v) for v in (0.0, -0.0, 1.5, -0.31, 0.0123, 12.34, 123.4, -2e-5, 3e7)]
    assert written == ["0.00", "0.00", "1.50", "−0.31", "0.012", "12.3", "123", "−2.0e−5", "3.0e7"]


def test_the_order_is_documented() -> None:
    documented = re.findall(r"``([a-z-]+)``", why_module.__doc__ or "")
    source = Path(why_module.__file__).read_text(encoding="utf-8")
    assert set(documented) == set(re.findall(r'Reason\(\s*"([a-z-]+)"', source))
