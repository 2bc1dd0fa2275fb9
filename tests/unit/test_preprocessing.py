"""Which preprocessing is found for which model, and what is said of one that fails."""

from __future__ import annotations

import functools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn
from torchvision import transforms
from torchvision.transforms import v2

from camwidget import preprocessing
from camwidget.preprocessing import MEAN, STD, Preprocessing

PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))
RGB = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())


def bare(name: str, **options: object) -> nn.Module:
    """A torchvision network without memory: only its class and its number of parameters matter here."""
    with torch.device("meta"):
        return getattr(torchvision.models, name)(**options)


def with_attributes(**attributes: object) -> nn.Module:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


class TestGiven:
    def test_a_torchvision_preset_is_read(self):
        preset = torchvision.models.EfficientNet_B0_Weights.DEFAULT.transforms()
        found = preprocessing.find(RGB, preset)
        assert found.transform is preset
        assert found.facts() == (256, (224, 224), Image.Resampling.BICUBIC, MEAN, STD)
        assert found.words == "weights.transforms()"

    def test_weights_stand_for_their_transforms(self):
        found = preprocessing.find(RGB, torchvision.models.ResNet18_Weights.DEFAULT)
        assert (found.words, found.crop) == ("ResNet18_Weights.IMAGENET1K_V1", (224, 224))

    def test_transforms_not_called_is_told(self):
        with pytest.raises(TypeError, match=r"call it: preprocess=weights\.transforms\(\)"):
            preprocessing.find(RGB, torchvision.models.ResNet18_Weights.DEFAULT.transforms)

    @pytest.mark.parametrize(
        "pipeline",
        [
            transforms.Compose(
                [
                    transforms.Resize(40), transforms.CenterCrop(32),
                    transforms.ToTensor(), transforms.Normalize(MEAN, STD),
                ]
            ),
            v2.Compose(
                [
                    v2.ToImage(), v2.Resize(40), v2.Compose([v2.CenterCrop((32, 32))]),
                    v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD),
                ]
            ),
            nn.Sequential(
                v2.ToImage(), v2.Resize([40]), v2.CenterCrop(32), v2.ToDtype(torch.float32), v2.Normalize(MEAN, STD)
            ),
        ],
        ids=["Compose", "v2, nested", "Sequential"],
    )  # fmt: skip
    def test_a_pipeline_of_known_steps_is_read(self, pipeline):
        found = preprocessing.find(RGB, pipeline)
        assert found.facts() == (40, (32, 32), Image.Resampling.BILINEAR, MEAN, STD)
        assert found.words == "given preprocess"

    def test_both_sides_of_a_resize_are_read(self):
        pipeline = transforms.Compose([transforms.Resize((20, 30)), transforms.ToTensor()])
        found = preprocessing.find(RGB, pipeline)
        assert (found.resize, found.crop, found.mean) == ((20, 30), None, None)

    @pytest.mark.parametrize(
        "steps",
        [
            [transforms.CenterCrop(32), transforms.Resize(40)],
            [transforms.Resize(40), transforms.Pad(2), transforms.CenterCrop(32)],
            [transforms.Resize(40), transforms.RandomHorizontalFlip(1.0)],
            [transforms.RandomApply([transforms.Resize(40)])],
            [transforms.Resize(40, max_size=60)],
            [lambda image: image],
        ],
        ids=["crop first", "padding", "flip", "by chance", "max_size", "lambda"],
    )
    def test_the_framing_of_other_pipelines_is_unknown(self, steps):
        found = preprocessing.find(RGB, transforms.Compose([*steps, transforms.ToTensor()]))
        assert (found.resize, found.crop) == (None, None)

    def test_two_normalisations_are_no_known_statistics(self):
        half = transforms.Normalize([0.5], [0.5])
        assert preprocessing.find(RGB, transforms.Compose([transforms.ToTensor(), half, half])).mean is None

    def test_statistics_on_the_callable_are_taken(self):
        def own(image):
            return torch.zeros(3, 4, 4)

        own.mean, own.std = np.array([0.5, 0.5, 0.5]), torch.full((1, 3, 1, 1), 0.25)
        found = preprocessing.find(RGB, own)
        assert (found.mean, found.std) == ((0.5,) * 3, (0.25,) * 3)

    def test_a_hugging_face_processor_is_called_its_way(self):
        class BitImageProcessor:
            image_mean, image_std = [0.5, 0.5, 0.5], [0.2, 0.2, 0.2]

            def __call__(self, images, return_tensors):
                assert (return_tensors, images) == ("pt", PHOTO)
                return {"pixel_values": torch.zeros(1, 3, 8, 8)}

        found = preprocessing.find(RGB, BitImageProcessor())
        assert found.apply(PHOTO).shape == (1, 3, 8, 8)
        assert (found.mean, found.words) == ((0.5, 0.5, 0.5), "given BitImageProcessor")

    def test_comes_before_what_the_model_says(self):
        own = transforms.ToTensor()
        model = with_attributes(mean=MEAN, std=STD, input_size=32)
        assert preprocessing.find(model, own).transform is own

    @pytest.mark.parametrize("wrong", ["imagenet", 224, {"size": 224}])
    def test_no_callable_is_a_type_error(self, wrong):
        with pytest.raises(TypeError, match=rf"weights\.transforms\(\); given: a {type(wrong).__name__}$"):
            preprocessing.find(RGB, wrong)

    def test_a_list_of_steps_is_told_of_compose(self):
        with pytest.raises(TypeError, match=r"given: a list; put its steps into torchvision.transforms.Compose"):
            preprocessing.find(RGB, [transforms.ToTensor()])


class TestFound:
    @pytest.mark.parametrize(
        ("name", "words", "resize"),
        [
            ("squeezenet1_0", "SqueezeNet1_0_Weights.IMAGENET1K_V1", 256),
            ("squeezenet1_1", "SqueezeNet1_1_Weights.IMAGENET1K_V1", 256),
            ("convnext_tiny", "ConvNeXt_Tiny_Weights.IMAGENET1K_V1", 236),
            ("resnet50", "ResNet50_Weights.IMAGENET1K_V2 (or IMAGENET1K_V1)", 232),
        ],
    )
    def test_for_torchvision_networks(self, name, words, resize):
        found = preprocessing.find(bare(name))
        assert (found.words, found.resize, found.crop, found.channels) == (words, resize, (224, 224), 3)

    def test_for_a_subclass_of_a_torchvision_network(self):
        class Mine(torchvision.models.SqueezeNet):
            pass

        with torch.device("meta"):
            assert preprocessing.find(Mine()).words == "SqueezeNet1_0_Weights.IMAGENET1K_V1"

    def test_not_for_a_torchvision_network_with_another_head(self):
        assert preprocessing.find(bare("squeezenet1_0", num_classes=7)).assumed

    @pytest.mark.parametrize("wrap", [nn.DataParallel, functools.partial(torch.compile, backend="eager")])
    def test_inside_a_wrapper(self, wrap):
        assert preprocessing.find(wrap(bare("squeezenet1_0"))).words == "SqueezeNet1_0_Weights.IMAGENET1K_V1"

    def test_on_the_model_itself(self):
        model = with_attributes(mean=(0.5,) * 3, std=(0.25,) * 3, preprocess=lambda image: torch.zeros(3, 8, 8))
        found = preprocessing.find(model)
        assert (found.words, found.mean, found.apply(PHOTO).shape) == (
            "the model's own preprocess", (0.5,) * 3, (1, 3, 8, 8),
        )  # fmt: skip

    def test_by_the_models_input_size(self):
        found = preprocessing.find(with_attributes(mean=(0.5,) * 3, std=(0.25,) * 3, input_size=32))
        assert found.facts() == (32, (32, 32), Image.Resampling.BILINEAR, (0.5,) * 3, (0.25,) * 3)

    def test_for_timm_networks(self):
        config = {
            "input_size": (3, 240, 240), "crop_pct": 0.9, "interpolation": "bicubic",
            "mean": (0.5,) * 3, "std": (0.5,) * 3,
        }  # fmt: skip
        found = preprocessing.find(with_attributes(pretrained_cfg=config))
        assert found.facts() == (math.floor(240 / 0.9), (240, 240), Image.Resampling.BICUBIC, (0.5,) * 3, (0.5,) * 3)
        assert found.words == "timm pretrained_cfg"

    def test_for_timm_networks_that_squash(self):
        config = {"input_size": (3, 100, 100), "crop_pct": 1.0, "crop_mode": "squash", "mean": MEAN, "std": STD}
        assert preprocessing.find(with_attributes(pretrained_cfg=config)).resize == (100, 100)

    @pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "efficientnet_b0"])
    def test_as_timm_itself_does_it(self, name):
        timm = pytest.importorskip("timm", reason="timm is not installed")
        model = timm.create_model(name, pretrained=False)
        own = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
        assert torch.equal(preprocessing.find(model).apply(PHOTO)[0], own(PHOTO))

    def test_nowhere_assumes_imagenet(self):
        found = preprocessing.find(RGB)
        assert found.facts() == (256, (224, 224), Image.Resampling.BILINEAR, MEAN, STD)
        assert (found.words, found.assumed) == ("ImageNet resize 256, crop 224 (assumed)", True)

    def test_assumed_is_what_torchvision_does(self):
        own = torchvision.models.ResNet18_Weights.DEFAULT.transforms()
        assert torch.equal(preprocessing.find(RGB).apply(PHOTO)[0], own(PHOTO))

    def test_nowhere_for_a_grey_network_assumes_one_channel(self):
        found = preprocessing.find(nn.Conv2d(1, 4, 3))
        assert found.apply(PHOTO.convert("L")).shape == (1, 1, 224, 224)
        assert found.words == "ImageNet resize 256, crop 224, grey (assumed)"

    def test_attributes_of_another_meaning_do_no_harm(self):
        found = preprocessing.find(with_attributes(mean=torch.mean, std="no", preprocess=3, pretrained_cfg="cfg"))
        assert found.assumed


class TestChannels:
    @pytest.mark.parametrize("count", [1, 3, 4])
    def test_of_the_first_convolution(self, count):
        assert preprocessing.input_channels(nn.Sequential(nn.Identity(), nn.Conv2d(count, 8, 3))) == count

    @pytest.mark.parametrize("model", [nn.Linear(3, 4), nn.Conv2d(64, 4, 1)], ids=["no convolution", "a late one"])
    def test_that_cannot_be_told(self, model):
        assert preprocessing.input_channels(model) is None


class TestApply:
    def apply(self, transform, channels=3):
        return Preprocessing(transform, "given preprocess", channels=channels).apply(PHOTO)

    @pytest.mark.parametrize("shape", [(3, 8, 9), (1, 3, 8, 9)])
    def test_gives_a_batch_of_one(self, shape):
        assert self.apply(lambda image: torch.zeros(shape)).shape == (1, 3, 8, 9)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
    def test_gives_float32(self, dtype):
        assert self.apply(lambda image: torch.zeros(3, 8, 9, dtype=dtype)).dtype == torch.float32

    def test_gives_a_plain_tensor(self):
        assert type(self.apply(v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]))) is torch.Tensor

    def test_takes_pixel_values_out_of_a_dict(self):
        assert self.apply(lambda image: {"pixel_values": torch.zeros(1, 3, 8, 9)}).shape == (1, 3, 8, 9)

    def test_a_picture_instead_of_a_tensor_is_told_of_to_tensor(self):
        with pytest.raises(
            TypeError, match=r"given preprocess\) must give a float tensor .* a Image. Add ToTensor\(\)"
        ):
            self.apply(transforms.Resize(8))

    def test_an_array_instead_of_a_tensor_is_told_of_from_numpy(self):
        with pytest.raises(TypeError, match=r"a ndarray of shape \(60, 90, 3\). Add torch.from_numpy"):
            self.apply(np.asarray)

    def test_nothing_instead_of_a_tensor_is_a_type_error(self):
        with pytest.raises(TypeError, match="it gave a NoneType"):
            self.apply(lambda image: None)

    def test_bytes_in_the_tensor_are_told_of_scaling(self):
        with pytest.raises(TypeError, match=r"it gave torch.uint8. End it with ToTensor\(\)"):
            self.apply(transforms.PILToTensor())

    @pytest.mark.parametrize("shape", [(8, 9), (2, 3, 8, 9), (1, 1, 3, 8, 9), (3, 0, 9)])
    def test_a_wrong_shape_is_told(self, shape):
        with pytest.raises(ValueError, match=rf"it gave the shape \({', '.join(map(str, shape))}\)"):
            self.apply(lambda image: torch.zeros(shape))

    def test_a_wrong_number_of_channels_is_told(self):
        with pytest.raises(ValueError, match=r"it gave 3 channels, \(3, 60, 90\), but the network takes 4"):
            self.apply(transforms.ToTensor(), channels=4)

    def test_nan_is_told(self):
        with pytest.raises(ValueError, match="it gave NaN or infinite values"):
            self.apply(lambda image: torch.full((3, 8, 9), math.nan))

    def test_its_own_error_is_passed_on_with_what_it_was_given(self):
        def failing(image):
            raise KeyError("image")

        with pytest.raises(ValueError, match=r"failed on a PIL image of mode RGB, 90x60: KeyError: 'image'") as caught:
            self.apply(failing)
        assert isinstance(caught.value.__cause__, KeyError)


def test_a_namespace_is_no_timm_network():
    assert preprocessing.timm_config(with_attributes(pretrained_cfg=SimpleNamespace(mean=MEAN))) == {}
