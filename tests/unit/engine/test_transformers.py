"""Models of Hugging Face, small and with random weights: their outputs, their names, their other inputs."""

from __future__ import annotations

import pytest
import torch

from camwidget import CamWidget
from camwidget.engine import CamEngine

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

SMALL = {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.randn(2, 3, 64, 64)


def test_a_classifier(pixels: torch.Tensor) -> None:
    names = dict(enumerate(["tabby", "beagle", "crow"]))
    model = transformers.ResNetForImageClassification(
        transformers.ResNetConfig(embedding_size=8, id2label=names, label2id={}, **SMALL)
    )
    recording = CamEngine(model, labels=model.config.id2label).record(pixels)
    assert recording.scores.shape == (2, 3)
    expected = recording.cam(2)
    assert torch.equal(recording.cam("crow"), expected)
    torch.testing.assert_close(recording.cam(lambda output: output.logits[:, 2]), expected)
    with pytest.raises(ValueError, match="did you mean 'beagle'"):
        recording.cam("beagel")
    with CamWidget(model, pixels[:1]) as w:
        assert w.labels == ("tabby", "beagle", "crow")


def test_a_segmentation(pixels: torch.Tensor) -> None:
    model = transformers.SegformerForSemanticSegmentation(
        transformers.SegformerConfig(num_labels=6, decoder_hidden_size=16, **SMALL | {"hidden_sizes": [8, 16, 24, 32]})
    )
    recording = CamEngine(model).record(pixels)
    assert (recording.scores.shape, recording.output_grid) == ((2, 6), (16, 16))
    assert recording.cam(1, region=(3, 4)).isfinite().all()


def test_pictures_and_texts(pixels: torch.Tensor) -> None:
    tower = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    text, vision = tower | {"vocab_size": 50}, tower | {"image_size": 64, "patch_size": 16}
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)
    model, words = transformers.CLIPModel(config).eval(), torch.randint(3, 49, (3, 7))
    engine = CamEngine(model, forward=lambda m, x: m(pixel_values=x, input_ids=words), labels=["cat", "dog", "owl"])
    recording = engine.record(pixels)
    with torch.no_grad():
        expected = model(pixel_values=pixels, input_ids=words).logits_per_image
    torch.testing.assert_close(recording.scores, expected)
    assert recording.cam("dog", against="owl").isfinite().all()
