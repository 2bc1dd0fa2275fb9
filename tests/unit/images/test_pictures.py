"""The picture on screen shows what the network saw."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torchvision import transforms

from camwidget import images, preprocessing
from camwidget.encoding import encode
from camwidget.preprocessing import MEAN, STD, Preprocessing
from tests.unit.images.looks import IMAGENET, PHOTOS, PLAIN, likeness, opened, scene, unnormalised


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
