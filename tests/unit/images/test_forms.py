"""Every form of image in, the network's input out; every bad one an error that helps."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from torch import nn
from torchvision import transforms

from camwidget import images, preprocessing
from camwidget.preprocessing import MEAN, STD, Preprocessing
from tests.unit.images.looks import GREY, IMAGENET, PLAIN, opened, scene


class TestForms:
    """All forms of the same picture give the same input."""

    EXPECTED = IMAGENET.apply(Image.fromarray(scene(120, 160)))

    def check(self, image):
        assert torch.equal(images.read(image, IMAGENET).input, self.EXPECTED)

    @pytest.mark.parametrize("form", [str, Path])
    def test_path(self, tmp_path, form):
        Image.fromarray(scene(120, 160)).save(tmp_path / "a.png")
        self.check(form(tmp_path / "a.png"))

    def test_path_at_home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        Image.fromarray(scene(120, 160)).save(tmp_path / "a.png")
        self.check("~/a.png")

    def test_pil(self):
        self.check(Image.fromarray(scene(120, 160)))

    def test_array_of_bytes(self):
        self.check(scene(120, 160))

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_array_of_floats(self, dtype):
        self.check(scene(120, 160).astype(dtype) / 255)

    def test_array_that_is_a_view(self):
        self.check(scene(120, 160)[:, ::-1][:, ::-1])

    @pytest.mark.parametrize("wrap", [lambda image: [image], lambda image: (image,)], ids=["list", "tuple"])
    def test_list_of_one(self, wrap):
        self.check(wrap(scene(120, 160)))

    def test_opaque_alpha(self):
        self.check(Image.fromarray(scene(120, 160)).convert("RGBA"))

    def test_array_with_opaque_alpha(self):
        self.check(np.dstack([scene(120, 160), np.full((120, 160), 255, np.uint8)]))

    def test_tensor(self):
        self.check(self.EXPECTED[0])

    def test_batch_of_one(self):
        self.check(self.EXPECTED)


class TestGreyAndColour:
    GRADIENT = np.tile(np.arange(200, dtype=np.uint8), (150, 1))

    @pytest.mark.parametrize("image", [GRADIENT, GRADIENT[..., None], GRADIENT / 255, Image.fromarray(GRADIENT)])
    def test_grey_becomes_rgb_for_colour_networks(self, image):
        channels = images.read(image, IMAGENET).input[0] * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(
            3, 1, 1
        )
        assert channels.shape == (3, 224, 224)
        assert torch.allclose(channels[0], channels[1], atol=1e-6)

    def test_colour_becomes_grey_for_grey_networks(self):
        picture = images.read(scene(100, 100), GREY)
        assert picture.input.shape == (1, 1, 224, 224)
        assert opened(picture).mode == "L"

    def test_number_of_channels_may_be_given(self):
        unknowing = Preprocessing(transforms.ToTensor(), "given preprocess")
        assert images.read(scene(20, 20), unknowing, channels=1).input.shape == (1, 1, 20, 20)

    @pytest.mark.parametrize("mode", ["1", "P", "CMYK", "YCbCr", "LA", "PA", "RGBX"])
    def test_every_mode_of_eight_bits_is_taken(self, mode):
        image = Image.fromarray(scene(30, 40)).convert("L" if mode in ("LA", "PA") else "RGB").convert(mode)
        assert images.read(image, PLAIN).input.shape == (1, 3, 30, 40)

    @pytest.mark.parametrize("mode", ["I", "F", "I;16"])
    def test_modes_without_a_white_point_are_an_error(self, mode):
        image = Image.fromarray(np.zeros((4, 4), {"I": np.int32, "F": np.float32, "I;16": np.uint16}[mode]))
        with pytest.raises(
            ValueError, match=rf"mode '{mode}' has no fixed white point; .*numpy.asarray\(img\) / 65535"
        ):
            images.read(image, PLAIN)


class TestAlpha:
    @pytest.fixture
    def clear(self):
        image = Image.fromarray(scene(20, 30)).convert("RGBA")
        image.putpixel((0, 0), (0, 0, 0, 0))
        return image

    def test_real_transparency_is_an_error(self, clear):
        with pytest.raises(ValueError, match=r"1 of its 600 pixels are transparent; .*img\.convert\(\"RGB\"\)"):
            images.read(clear, PLAIN)

    def test_in_an_array_too(self, clear):
        with pytest.raises(ValueError, match="has an alpha channel"):
            images.read(np.asarray(clear), PLAIN)

    def test_of_a_palette_too(self, tmp_path):
        image = Image.fromarray(scene(20, 30)).quantize(8)
        image.save(tmp_path / "a.png", transparency=image.getpixel((0, 0)))
        with pytest.raises(ValueError, match="has an alpha channel"):
            images.read(tmp_path / "a.png", PLAIN)

    def test_the_remedy_in_the_message_works(self, clear):
        remedy = 'PIL.Image.alpha_composite(PIL.Image.new("RGBA", img.size, "white"), img).convert("RGB")'
        with pytest.raises(ValueError, match=re.escape(remedy)):
            images.read(clear, PLAIN)
        white = eval(remedy, {"PIL": PIL, "img": clear})
        assert images.read(white, PLAIN).input[0, :, 0, 0].tolist() == [1, 1, 1]


class TestArrays:
    @pytest.mark.parametrize(
        ("array", "remedy"),
        [
            (np.zeros((8, 8, 3), np.int64), r"give image\.astype\(\"uint8\"\)"),
            (np.full((8, 8), 4000, np.uint16), "from 4000 to 4000: scale them to .* such as image / 4000"),
            (np.zeros((8, 8), bool), r"Give image\.astype\(float\)"),
            (np.zeros((8, 8), object), "Give an array of numbers"),
            (np.zeros((8, 8), complex), "Give an array of numbers"),
        ],
        ids=lambda value: str(value.dtype) if isinstance(value, np.ndarray) else "",
    )
    def test_wrong_type_says_what_is_accepted(self, array, remedy):
        with pytest.raises(TypeError, match=rf"type {array.dtype} was given; accepted are uint8, and floats.*{remedy}"):
            images.read(array, PLAIN)

    @pytest.mark.parametrize(
        ("shape", "remedy"), [((3, 8, 9), r"image\.transpose\(1, 2, 0\)"), ((1, 8, 9), r"image\[0\]")]
    )
    def test_channels_first_says_how_to_turn(self, shape, remedy):
        with pytest.raises(ValueError, match=rf"channels first\. Arrays are \(H, W\) or \(H, W, 3\): give {remedy}"):
            images.read(np.zeros(shape, np.uint8), PLAIN)

    @pytest.mark.parametrize("shape", [(), (8,), (8, 9, 2), (8, 9, 7), (1, 1, 8, 9, 3)])
    def test_wrong_shape_says_the_right_ones(self, shape):
        with pytest.raises(ValueError, match=r"an array of shape \(.*was given; accepted are the shapes \(H, W\) and"):
            images.read(np.zeros(shape, np.uint8), PLAIN)

    def test_batch_says_to_take_one(self):
        with pytest.raises(ValueError, match=r"\(2, 8, 9, 3\) .*give image\[0\]"):
            images.read(np.zeros((2, 8, 9, 3), np.uint8), PLAIN)

    @pytest.mark.parametrize("shape", [(0, 8), (8, 0, 3)])
    def test_without_pixels_is_an_error(self, shape):
        with pytest.raises(ValueError, match="it holds no pixels"):
            images.read(np.zeros(shape, np.uint8), PLAIN)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_nan_says_how_many_and_where(self, bad):
        array = np.zeros((8, 9, 3))
        array[2, 3, 1] = array[4, 5, 0] = bad
        with pytest.raises(
            ValueError, match=r"2 values that are NaN or infinite, the first at \(2, 3, 1\); .*nan_to_num"
        ):
            images.read(array, PLAIN)

    def test_floats_of_0_to_255_say_to_divide(self):
        with pytest.raises(ValueError, match=r"values from 0 to 255; floats must be in \[0, 1\]: divide it by 255"):
            images.read(np.linspace(0, 255, 64).reshape(8, 8), PLAIN)

    def test_normalised_floats_say_to_give_a_tensor(self):
        with pytest.raises(ValueError, match=r"values from -2 to 2; .*as a tensor \(C, H, W\)"):
            images.read(np.linspace(-2, 2, 64).reshape(8, 8), PLAIN)

    def test_rounding_errors_are_forgiven(self):
        array = np.full((8, 8), 1 + 1e-6)
        array[0, 0] = -1e-6
        values = images.read(array, PLAIN).input
        assert (values.min(), values.max()) == (0, 1)

    @settings(max_examples=40, deadline=None)
    @given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))))
    def test_any_bytes_reach_the_network_unchanged(self, array):
        assert np.array_equal(images.read(array, PLAIN).input[0].permute(1, 2, 0).mul(255).round().numpy(), array)

    @settings(max_examples=60, deadline=None)
    @given(
        hnp.arrays(
            st.sampled_from([np.uint8, np.float32, np.int16]), hnp.array_shapes(min_dims=0, max_dims=5, max_side=5)
        )
    )
    def test_anything_else_is_a_type_or_value_error(self, array):
        said = ""
        try:
            assert images.read(array, PLAIN).input.ndim == 4
        except (TypeError, ValueError) as error:
            said = str(error)
        assert said == "" or "was given" in said or "alpha channel" in said


class TestTensors:
    TENSOR = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))

    def test_is_not_preprocessed(self):
        assert torch.equal(images.read(self.TENSOR, IMAGENET).input[0], self.TENSOR)

    def test_says_so(self):
        assert images.read(self.TENSOR, IMAGENET).words == "given as a tensor"

    def test_is_copied(self):
        tensor = self.TENSOR.clone()
        picture = images.read(tensor, IMAGENET)
        tensor.zero_()
        assert torch.equal(picture.input[0], self.TENSOR)

    def test_loses_its_history(self):
        assert not images.read(self.TENSOR.clone().requires_grad_(), IMAGENET).input.requires_grad

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
    def test_becomes_float32(self, dtype):
        assert images.read(self.TENSOR.to(dtype), IMAGENET).input.dtype == torch.float32

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool])
    def test_without_floats_says_to_give_an_array(self, dtype):
        with pytest.raises(
            TypeError, match=r"already preprocessed.*\(H, W, 3\) array instead: image\.permute\(1, 2, 0\)"
        ):
            images.read(self.TENSOR.to(dtype), IMAGENET)

    @pytest.mark.parametrize("shape", [(), (8,), (1, 1, 3, 8, 8)])
    def test_of_wrong_shape_says_the_right_ones(self, shape):
        with pytest.raises(ValueError, match=r"a tensor of shape .* accepted is \(C, H, W\) or \(1, C, H, W\)$"):
            images.read(torch.zeros(shape), IMAGENET)

    def test_of_two_axes_says_how_to_add_one(self):
        with pytest.raises(ValueError, match=r"give image\[None\] if it has one channel"):
            images.read(torch.zeros(8, 9), GREY)

    def test_of_several_images_says_to_take_one(self):
        with pytest.raises(ValueError, match=r"4 images, but a widget shows one: give images\[0\]"):
            images.read(torch.zeros(4, 3, 8, 8), IMAGENET)

    @pytest.mark.parametrize(
        ("shape", "remedy"), [((8, 9, 3), r"permute\(2, 0, 1\)"), ((1, 8, 9, 3), r"permute\(0, 3, 1, 2\)")]
    )
    def test_channels_last_says_how_to_turn(self, shape, remedy):
        with pytest.raises(ValueError, match=rf"channels last\. Tensors are \(C, H, W\): give image\.{remedy}"):
            images.read(torch.zeros(shape), IMAGENET)

    def test_of_one_channel_for_a_colour_network_says_how_to_expand(self):
        with pytest.raises(
            ValueError, match=r"the network takes 3 channels, \(3, H, W\): give image\.expand\(3, -1, -1\)"
        ):
            images.read(torch.zeros(1, 8, 9), IMAGENET)

    def test_of_any_channels_where_the_network_does_not_tell(self):
        unknowing = preprocessing.find(nn.Conv2d(13, 4, 3))
        assert images.read(torch.zeros(13, 8, 9), unknowing).input.shape == (1, 13, 8, 9)

    def test_without_pixels_is_an_error(self):
        with pytest.raises(ValueError, match="it holds no pixels"):
            images.read(torch.zeros(3, 0, 9), IMAGENET)

    def test_nan_says_how_many_and_where(self):
        tensor = self.TENSOR.clone()
        tensor[1, 2, 3] = torch.nan
        with pytest.raises(ValueError, match=r"with 1 values that are NaN or infinite, the first at \(1, 2, 3\)"):
            images.read(tensor, IMAGENET)
