"""Every form of image in, the network's input and the picture of it out; every bad one an error that helps."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from torch import nn
from torchvision import transforms

from camwidget import images, preprocessing
from camwidget.encoding import encode
from camwidget.preprocessing import MEAN, STD, Preprocessing

PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "images"
IMAGENET = preprocessing.find(nn.Sequential(nn.Conv2d(3, 4, 3)))
GREY = preprocessing.find(nn.Sequential(nn.Conv2d(1, 4, 3)))
PLAIN = preprocessing.find(nn.Conv2d(3, 4, 3), transforms.ToTensor())


def scene(height: int, width: int) -> np.ndarray:
    """Colour gradients under a coarse checker: every place looks different from every other."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    checker = (np.floor(x * 12) + np.floor(y * 12)) % 2
    pixels = np.stack([0.2 + 0.6 * x, 0.2 + 0.6 * y, 0.5 + 0.4 * np.cos(7 * x - 4 * y)], -1) * (
        0.6 + 0.4 * checker[..., None]
    )
    return np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)


def opened(picture: images.Picture) -> Image.Image:
    shown = Image.open(io.BytesIO(picture.encoded))
    assert shown.get_format_mimetype() == picture.mime
    assert (shown.height, shown.width) == picture.size
    return shown


def unnormalised(picture: images.Picture, mean=MEAN, std=STD) -> np.ndarray:
    values = picture.input[0] * torch.tensor(std).view(-1, 1, 1) + torch.tensor(mean).view(-1, 1, 1)
    return values.clamp(0, 1).permute(1, 2, 0).numpy()


def likeness(picture: images.Picture, expected: np.ndarray) -> float:
    """Correlation of the shown picture, brought to the input's size, with what the network saw."""
    height, width = expected.shape[:2]
    shown = opened(picture).convert("RGB").resize((width, height), Image.Resampling.BOX)
    return float(np.corrcoef(np.asarray(shown, float).ravel(), expected.ravel())[0, 1])


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
        with pytest.raises(ValueError, match=r"a tensor of shape .* accepted are \(C, H, W\) and \(1, C, H, W\)$"):
            images.read(torch.zeros(shape), IMAGENET)

    def test_of_two_axes_says_how_to_add_one(self):
        with pytest.raises(ValueError, match=r"give image\[None\] if it is grey"):
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


class TestFiles:
    def test_missing_file_names_the_nearest(self, tmp_path):
        (tmp_path / "cat_dog.png").touch()
        with pytest.raises(ValueError, match=r"no file '.*catdog.png'; did you mean '.*cat_dog.png'\?"):
            images.read(tmp_path / "catdog.png", PLAIN)

    def test_missing_file_is_a_file_not_found_error_too(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            images.read(tmp_path / "a.png", PLAIN)

    def test_missing_folder_is_named(self, tmp_path):
        with pytest.raises(ValueError, match=r"there is no folder '.*photos'"):
            images.read(tmp_path / "photos" / "a.png", PLAIN)

    def test_folder_is_an_error(self, tmp_path):
        with pytest.raises(ValueError, match="is a folder; give the path of one picture in it"):
            images.read(tmp_path, PLAIN)

    @pytest.mark.parametrize("path", ["", " "])
    def test_empty_path_is_an_error(self, path):
        with pytest.raises(ValueError, match="give the path of one picture"):
            images.read(path, PLAIN)

    def test_address_is_an_error(self):
        with pytest.raises(ValueError, match=r"is an address; download the picture first"):
            images.read("https://example.org/cat.jpg", PLAIN)

    def test_file_that_is_no_picture_is_an_error(self, tmp_path):
        (tmp_path / "a.png").write_text("hello")
        with pytest.raises(ValueError, match=r"a\.png' is no picture that Pillow can read"):
            images.read(tmp_path / "a.png", PLAIN)

    def test_broken_file_is_an_error(self, tmp_path):
        Image.fromarray(scene(200, 200)).save(tmp_path / "a.jpg")
        whole = (tmp_path / "a.jpg").read_bytes()
        (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ValueError, match=r"a\.jpg' cannot be read as a picture: .*truncated"):
            images.read(tmp_path / "a.jpg", PLAIN)

    def test_huge_file_is_an_error(self, tmp_path, monkeypatch):
        Image.fromarray(scene(200, 200)).save(tmp_path / "a.png")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        with pytest.raises(ValueError, match=r"a\.png' is too large to open safely: .*40000 pixels.* Make it smaller"):
            images.read(tmp_path / "a.png", PLAIN)

    def test_orientation_is_applied(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6  # turn a quarter clockwise to see it upright
        Image.fromarray(scene(20, 30)).save(tmp_path / "a.png", exif=exif)
        shown = images.read(tmp_path / "a.png", PLAIN).input[0].permute(1, 2, 0).mul(255).round().numpy()
        assert np.array_equal(shown, np.rot90(scene(20, 30), -1))


class TestOthers:
    @pytest.mark.parametrize("image", [None, 3, {"a": 1}, object()], ids=lambda image: type(image).__name__)
    def test_other_types_say_what_is_accepted(self, image):
        with pytest.raises(
            TypeError, match=r"a \w+ is no image; give a path, a PIL image, an array .* tensor \(C, H, W\)"
        ):
            images.read(image, PLAIN)

    def test_bytes_say_how_to_open_them(self):
        with pytest.raises(TypeError, match=r"PIL\.Image\.open\(io\.BytesIO\(data\)\)"):
            images.read(b"\x89PNG", PLAIN)

    def test_other_arrays_say_how_to_turn_them(self):
        class Foreign:
            def __array__(self):
                raise AssertionError

        with pytest.raises(TypeError, match=r"Turn it into an array first: numpy\.asarray\(image\)"):
            images.read(Foreign(), PLAIN)

    @pytest.mark.parametrize("empty", [[], ()])
    def test_empty_list_says_what_to_give(self, empty):
        with pytest.raises(ValueError, match=rf"an empty {type(empty).__name__} was given as the image; give a path"):
            images.read(empty, PLAIN)

    def test_longer_list_says_to_give_one(self):
        with pytest.raises(ValueError, match=r"2 images were given where one is read: .*images\[0\]"):
            images.read([scene(8, 8)] * 2, PLAIN)

    def test_closed_pil_image_is_an_error(self, tmp_path):
        Image.fromarray(scene(8, 8)).save(tmp_path / "a.png")
        image = Image.open(tmp_path / "a.png")
        image.close()
        with pytest.raises(ValueError, match="the PIL image cannot be read"):
            images.read(image, PLAIN)

    def test_pil_image_without_pixels_is_an_error(self):
        with pytest.raises(ValueError, match="has no pixels: it is 0x5"):
            images.read(Image.new("RGB", (0, 5)), PLAIN)

    def test_narrow_strip_is_an_error_before_it_fills_the_memory(self):
        with pytest.raises(ValueError, match="20000x1 is too narrow to resize its shorter side to 256: crop it"):
            images.read(np.zeros((1, 20_000), np.uint8), IMAGENET)

    def test_the_given_image_stays_as_it_is(self):
        array = scene(30, 30)
        image = Image.fromarray(array).convert("RGBA")
        images.read(image, IMAGENET)
        images.read(array, IMAGENET)
        assert image.mode == "RGBA"
        assert np.array_equal(array, scene(30, 30))


class TestPicture:
    """The picture on the screen is framed as the network's input is."""

    @pytest.mark.parametrize(
        "size",
        [(700, 900), (900, 700), (300, 400), (257, 1200), (224, 224), (60, 90)],
        ids=lambda size: f"{size[0]}x{size[1]}",
    )
    def test_shows_what_the_network_saw(self, size):
        picture = images.read(scene(*size), IMAGENET)
        assert likeness(picture, unnormalised(picture)) > 0.99

    @pytest.mark.parametrize("name", ["EfficientNet_B0", "Inception_V3", "ConvNeXt_Tiny", "MaxVit_T"])
    def test_for_the_presets_of_torchvision(self, name):
        preset = getattr(torchvision.models, f"{name}_Weights").DEFAULT.transforms()
        picture = images.read(scene(1000, 1300), preprocessing.find(nn.Conv2d(3, 4, 3), preset))
        assert picture.source == "the original, framed as the network sees it"
        assert likeness(picture, unnormalised(picture, preset.mean, preset.std)) > 0.99

    def test_for_a_resize_of_both_sides(self):
        squash = transforms.Compose([transforms.Resize((50, 80)), transforms.ToTensor()])
        picture = images.read(scene(600, 500), preprocessing.find(nn.Conv2d(3, 4, 3), squash))
        assert picture.size == (150, 240)
        assert likeness(picture, unnormalised(picture, (0, 0, 0), (1, 1, 1))) > 0.99

    def test_is_as_sharp_as_the_original_allows(self):
        assert images.read(scene(2000, 2000), IMAGENET).size == (672, 672)
        assert images.read(scene(512, 512), IMAGENET).size == (448, 448)

    def test_sharpens_no_small_original(self):
        picture = images.read(scene(100, 100), IMAGENET)
        assert (picture.size, picture.source) == ((224, 224), "the network's input, un-normalised")

    def test_of_a_pale_original_keeps_its_contrast(self):
        pale = np.full((100, 100, 3), 150, np.uint8)  # normalised, every value lies in [0, 1] too
        assert opened(images.read(pale, IMAGENET)).getpixel((9, 9)) == 150

    def test_a_large_input_is_shown_smaller(self):
        assert images.read(scene(600, 2048), PLAIN).size == (300, 1024)

    def test_a_pipeline_of_unknown_framing_is_shown_as_the_network_saw_it(self):
        flip = transforms.Compose(
            [
                transforms.Resize(64),
                transforms.RandomHorizontalFlip(1.0),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )
        picture = images.read(scene(300, 300), preprocessing.find(nn.Conv2d(3, 4, 3), flip))
        assert picture.size == (64, 64)
        assert likeness(picture, unnormalised(picture)) > 0.99

    def test_a_framing_that_proves_wrong_is_not_used(self):
        class Flipping:
            resize_size, crop_size, mean, std = [64], [64], MEAN, STD

            def __call__(self, image):
                steps = [
                    transforms.Resize(64),
                    transforms.CenterCrop(64),
                    transforms.ToTensor(),
                    transforms.Normalize(MEAN, STD),
                ]
                return transforms.Compose(steps)(image).flip(-1)

        picture = images.read(scene(300, 300), preprocessing.find(nn.Conv2d(3, 4, 3), Flipping()))
        assert picture.source == "the network's input, un-normalised"
        assert likeness(picture, unnormalised(picture)) > 0.99

    def test_a_crop_beyond_the_image_shows_the_padding(self):
        padding = transforms.Compose([transforms.Resize(40), transforms.CenterCrop(60), transforms.ToTensor()])
        picture = images.read(np.full((400, 400, 3), 255, np.uint8), preprocessing.find(nn.Conv2d(3, 4, 3), padding))
        assert opened(picture).getpixel((0, 0)) == 0

    def test_of_a_grey_conversion_is_grey(self):
        grey = transforms.Compose([transforms.Resize(64), transforms.Grayscale(3), transforms.ToTensor()])
        picture = images.read(scene(300, 300), preprocessing.find(nn.Conv2d(3, 4, 3), grey))
        assert (opened(picture).mode, picture.size) == ("L", (192, 192))

    def test_of_a_constant_image_is_that_colour(self):
        picture = images.read(np.full((500, 500, 3), (10, 200, 30), np.uint8), IMAGENET)
        assert opened(picture).getpixel((5, 5)) == (10, 200, 30)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 300), st.integers(1, 300))
    def test_the_frame_has_torchvisions_size_and_place(self, width, height, resize, crop):
        box = images.frame((width, height), resize, (crop, crop))
        if crop > resize:
            assert box is None
        else:
            new = resize / min(width, height)
            assert 0 <= box[0] < box[2] <= width
            assert 0 <= box[1] < box[3] <= height
            # One pixel of the resized image is what rounding may cost, in torchvision as here.
            assert abs((box[0] + box[2]) / 2 - width / 2) * new <= 1
            assert abs((box[1] + box[3]) / 2 - height / 2) * new <= 1


class TestTensorPicture:
    TENSOR = torch.from_numpy(scene(40, 50)).permute(2, 0, 1) / 255
    KNOWN = Preprocessing(transforms.ToTensor(), "given preprocess", MEAN, STD)
    UNKNOWN = Preprocessing(transforms.ToTensor(), "given preprocess")

    def pixels(self, picture):
        return np.asarray(opened(picture), int)

    def test_is_unnormalised_with_known_statistics(self):
        picture = images.read(transforms.Normalize(MEAN, STD)(self.TENSOR), self.KNOWN)
        assert picture.source == "the network's input, un-normalised"
        assert abs(self.pixels(picture) - scene(40, 50)).max() <= 1

    def test_is_unnormalised_with_imagenets_where_that_fits(self):
        picture = images.read(transforms.Normalize(MEAN, STD)(self.TENSOR), IMAGENET)
        assert picture.source == "the network's input, un-normalised (assumed)"
        assert abs(self.pixels(picture) - scene(40, 50)).max() <= 1

    def test_in_0_to_1_is_not_unnormalised_by_a_guess(self):
        picture = images.read(self.TENSOR, IMAGENET)
        assert picture.source == "the network's input as it is"
        assert abs(self.pixels(picture) - scene(40, 50)).max() <= 1

    def test_without_statistics_is_taken_as_it_is(self):
        assert images.read(self.TENSOR, self.UNKNOWN).source == "the network's input as it is"

    def test_of_other_values_is_stretched_and_says_so(self):
        picture = images.read(self.TENSOR * 500 - 100, self.UNKNOWN)
        assert picture.source.startswith("the network's input, stretched from [-")
        assert (self.pixels(picture).min(), self.pixels(picture).max()) == (0, 255)

    def test_far_from_its_statistics_is_stretched(self):
        assert "stretched from" in images.read(self.TENSOR * 255, self.KNOWN).source

    def test_of_one_odd_value_is_grey(self):
        assert self.pixels(images.read(torch.full((3, 8, 8), 7.0), self.UNKNOWN)).tolist() == [[128] * 8] * 8

    def test_of_one_channel_is_grey(self):
        assert opened(images.read(self.TENSOR[:1], self.UNKNOWN)).mode == "L"

    @pytest.mark.parametrize(("channels", "mode"), [(2, "L"), (4, "RGB"), (13, "RGB")])
    def test_of_other_channels_shows_the_first_ones(self, channels, mode):
        tensor = torch.cat([self.TENSOR] * 5)[:channels]
        assert opened(images.read(tensor, self.UNKNOWN)).mode == mode


class TestEncoding:
    def test_small_pictures_are_png(self):
        encoded, mime = encode(Image.fromarray(scene(64, 64)))
        assert (mime, encoded[1:4]) == ("image/png", b"PNG")

    def test_png_loses_nothing(self):
        encoded, _ = encode(Image.fromarray(scene(64, 64)))
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(encoded))), scene(64, 64))

    def test_photographs_are_jpeg(self):
        y, x = np.mgrid[:200, :200]
        photo = np.stack([x, y, (x * y) % 256 // 8 + 100], axis=2).astype(np.uint8)
        encoded, mime = encode(Image.fromarray(photo))
        assert (mime, encoded[:2]) == ("image/jpeg", b"\xff\xd8")
        assert np.abs(np.asarray(Image.open(io.BytesIO(encoded)), float) - photo).mean() < 4

    def test_large_drawings_are_png(self):
        drawing = Image.new("RGB", (600, 400), "white")
        drawing.paste((200, 30, 30), (100, 100, 300, 300))
        encoded, mime = encode(drawing)
        assert mime == "image/png"
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(encoded))), np.asarray(drawing))


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="../shared/data/images is not here: no real photographs")
class TestPhotographs:
    @pytest.mark.parametrize("name", ["cat_dog.png", "siamese.jpg", "macaw.jpg", "elephant.jpg"])
    def test_are_read_as_torchvision_reads_them(self, name):
        own = torchvision.models.SqueezeNet1_0_Weights.DEFAULT.transforms()
        picture = images.read(PHOTOS / name, IMAGENET)
        assert torch.equal(picture.input[0], own(Image.open(PHOTOS / name).convert("RGB")))

    @pytest.mark.parametrize("name", ["cat_dog.png", "siamese.jpg", "macaw.jpg", "elephant.jpg"])
    def test_are_shown_as_the_network_sees_them(self, name):
        picture = images.read(PHOTOS / name, IMAGENET)
        assert likeness(picture, unnormalised(picture)) > 0.99

    def test_are_light_on_the_wire(self):
        sizes = [len(images.read(path, IMAGENET).encoded) for path in sorted(PHOTOS.glob("*.jpg"))]
        assert max(sizes) < 150_000
