"""Files, and what is no image at all: errors that help."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from camwidget import images
from tests.unit.images.looks import IMAGENET, PLAIN, scene


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
