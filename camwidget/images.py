"""One image in, whatever its form: the network's input, and the picture that shows what the network saw.

The picture is framed exactly as the input is. Where the framing is known (a resize and a central crop) it is cut from
the original at up to three times the input's resolution; else the input itself is un-normalised and shown.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from camwidget.atlas import Map
from camwidget.encoding import encode
from camwidget.engine import suggest
from camwidget.engine.fields import Place
from camwidget.preprocessing import Preprocessing, plain_tensor
from camwidget.ready import Form, check_finite, described, single
from camwidget.still import Look, jpeg

ACCEPTED = (
    "a path, a PIL image, an array (H, W) or (H, W, 3) of uint8 or of floats in [0, 1], "
    "or an already preprocessed float tensor (C, H, W)"
)
FORM = Form("image", "pixels", 2, "(C, H, W) or (1, C, H, W)")

SHARPER = 3
"""The picture has at most so many times the pixels of the input, along each side …"""
SIDE = 672
"""… and, for being sharper, at most so many pixels a side."""
LARGEST = 1024
"""An input larger than this is shown smaller; the network still gets all of it."""
AGREE = 0.9
"""Least correlation with the input at which the sharper picture is taken to show the same."""
COMPARED = 112
"""Longest side, in pixels, at which the two are compared."""
ROUNDING = 1e-4
"""Floats may leave [0, 1] by this much: resizing in float does that."""


class MissingImage(ValueError, FileNotFoundError):
    """No file at the given path."""


@dataclass(frozen=True)
class Picture:
    """The network's input and the picture of it."""

    kind: ClassVar[str] = "picture"

    input: torch.Tensor
    """float32 (1, C, H, W), on the device on which it was given."""
    encoded: bytes
    mime: str
    """"image/png" or "image/jpeg"."""
    size: tuple[int, int]
    """Height and width of the encoded picture."""
    source: str
    """Where the picture comes from, in words."""
    words: str
    """How the image became the network's input, in words."""
    plain: Image.Image
    """The network's input as a picture, at its own size: in colour, or mode L where it is grey."""

    def meta(self) -> dict[str, Any]:
        """What the ``meta`` trait says of it."""
        return {"picture": list(self.size)}

    def state(self) -> dict[str, Any]:
        """The traits that show it."""
        return {"picture": self.encoded}

    def still(self, cam: Map, lut: bytes, look: Look, place: Place | None = None) -> bytes:
        """It with a map ``(h, w)`` over it, as JPEG."""
        return jpeg(self.encoded, cam, lut, place=place, **look)


def read(image: object, preprocess: Preprocessing, channels: int | None = None) -> Picture:
    """Read one image; ``channels`` is what the network takes, if ``preprocess`` does not know it."""
    tensor, original, words = prepared(_single(image), preprocess, channels)
    plain, shown, source = _display(tensor, original, preprocess)
    encoded, mime = encode(shown)
    return Picture(tensor, encoded, mime, (shown.height, shown.width), source, words, plain)


def prepared(
    image: object, preprocess: Preprocessing, channels: int | None = None
) -> tuple[torch.Tensor, Image.Image | None, str]:
    """The network's input, float32 (1, C, H, W); the picture that it was made of, None for a tensor; how, in words."""
    channels = preprocess.channels if channels is None else channels
    if isinstance(image, torch.Tensor):
        return _tensor(image, channels), None, "given as a tensor"
    original = _mode(_pil(image), channels)
    _bounded(original.size, preprocess.resize)
    return preprocess.apply(original), original, preprocess.words


def check(image: object) -> None:
    """Raise what ``read`` would of one image, as far as that is told without reading its pixels."""
    if isinstance(image, (str, Path)):
        _file(image, whole=False)
    elif not isinstance(image, (Image.Image, np.ndarray, torch.Tensor)):
        _pil(image)


def _single(image: object) -> object:
    if not isinstance(image, (list, tuple)):
        return image
    if len(image) == 1:
        return image[0]
    if not image:
        raise ValueError(f"an empty {type(image).__name__} was given as the image; give {ACCEPTED}")
    raise ValueError(f"{len(image)} images were given where one is read: give one of them, such as images[0]")


def _pil(image: object) -> Image.Image:
    if isinstance(image, (str, Path)):
        return _file(image)
    if isinstance(image, io.BytesIO):  # a file's bytes, with its name if it has one
        return _opened(image, str(getattr(image, "name", "the file")))
    if isinstance(image, Image.Image):
        try:
            image.load()
        except (OSError, ValueError, SyntaxError) as error:
            raise ValueError(f"the PIL image cannot be read: {error}") from error
        return image
    if isinstance(image, np.ndarray):
        return _array(image)
    hint = ""
    if isinstance(image, (bytes, bytearray)):
        hint = ". Open the bytes first: PIL.Image.open(io.BytesIO(data))"
    elif hasattr(image, "__array__"):
        hint = ". Turn it into an array first: numpy.asarray(image)"
    raise TypeError(f"a {type(image).__name__} is no image; give {ACCEPTED}{hint}")


def _file(name: str | Path, whole: bool = True) -> Image.Image:
    text = str(name)
    if "://" in text[:12]:
        raise ValueError(f"{text!r} is an address; download the picture first and give the path of the file")
    path = Path(name).expanduser()
    try:
        folder, there = not text.strip() or path.is_dir(), path.exists()
    except OSError as error:  # a path that no file system can have
        raise ValueError(f"{text[:60]!r}… is no path of a picture: {error.strerror}") from error
    if folder:
        raise ValueError(f"{text!r} is a folder; give the path of one picture in it")
    if not there:
        raise MissingImage(_missing(path))
    return _opened(path, text, whole)


def _opened(file: Path | io.BytesIO, text: str, whole: bool = True) -> Image.Image:
    try:
        with Image.open(file) as opened:
            if not whole:
                return opened
            opened.load()
            deep = opened.format == "PNG" and opened.mode.startswith("I")  # sixteen bits, and white is 65535
            eight = Image.fromarray((np.asarray(opened, np.uint32) // 257).astype(np.uint8)) if deep else opened
            return ImageOps.exif_transpose(eight)
    except Image.DecompressionBombError as error:
        raise ValueError(f"{text!r} is too large to open safely: {error} Make it smaller first") from error
    except UnidentifiedImageError as error:
        raise ValueError(f"{text!r} is no picture that Pillow can read; give a PNG, a JPEG or the like") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise ValueError(f"{text!r} cannot be read as a picture: {error}") from error


def _missing(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"no file {str(path)!r}: there is no folder {str(folder)!r}"
    near = suggest.nearest(path.name, sorted(entry.name for entry in folder.iterdir()))
    hint = f"; did you mean {str(folder / near[0])!r}?" if near else f"; looked in {str(folder.resolve())!r}"
    return f"no file {str(path)!r}{hint}"


def _array(array: np.ndarray[Any, Any]) -> Image.Image:
    given = f"an array of shape {array.shape} and type {array.dtype} was given"
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise TypeError(f"{given}; accepted are uint8, and floats in [0, 1]. {_array_remedy(array)}")
    if array.ndim == 4:
        raise ValueError(f"{given}; a widget shows one image: give image[0] if it is the first of a batch")
    if array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4):
        remedy = "image[0]" if array.shape[0] == 1 else "image.transpose(1, 2, 0)"
        raise ValueError(f"{given}: channels first. Arrays are (H, W) or (H, W, 3): give {remedy}")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ValueError(f"{given}; accepted are the shapes (H, W) and (H, W, 3)")
    if 0 in array.shape:
        raise ValueError(f"{given}: it holds no pixels")
    if array.dtype.kind == "f":
        array = _bytes(array, given)
    return Image.fromarray(np.ascontiguousarray(array[:, :, 0] if array.shape[2:] == (1,) else array))


def _array_remedy(array: np.ndarray[Any, Any]) -> str:
    if array.dtype.kind == "b":
        return "Give image.astype(float)"
    if array.dtype.kind not in "ui":
        return "Give an array of numbers"
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    if low >= 0 and high <= 255:
        return 'Its values fit uint8: give image.astype("uint8")'
    return f"Its values go from {low} to {high}: scale them to [0, 1] first, such as image / {max(high, 1)}"


def _bytes(array: np.ndarray[Any, Any], given: str) -> np.ndarray[Any, Any]:
    check_finite(torch.from_numpy(np.isfinite(array)), given)
    low, high = float(array.min()), float(array.max())
    if low < -ROUNDING or high > 1 + ROUNDING:
        if low >= 0 and high <= 255:
            remedy = 'divide it by 255, or give image.astype("uint8")'
        else:
            remedy = "rescale it; if it is already normalised, give it as a tensor (C, H, W)"
        raise ValueError(f"{given} with values from {low:.4g} to {high:.4g}; floats must be in [0, 1]: {remedy}")
    pixels: np.ndarray[Any, Any] = np.rint(np.clip(array, 0, 1).astype(np.float32) * 255)
    return pixels.astype(np.uint8)


def _mode(image: Image.Image, channels: int | None) -> Image.Image:
    """The image in grey for networks of one channel, in RGB for all others."""
    if 0 in image.size:
        raise ValueError(f"the image has no pixels: it is {image.width}x{image.height}")
    if image.mode in ("F", "I") or image.mode.startswith("I;"):
        raise ValueError(
            f"a PIL image of mode {image.mode!r} has no fixed white point; give it as an array of floats in [0, 1], "
            "for 16 bits: numpy.asarray(img) / 65535"
        )
    if "transparency" in image.info or {"A", "a"} & set(image.getbands()):
        image = _opaque(image.convert("RGBA"))
    return image.convert("L" if channels == 1 else "RGB")


def _opaque(image: Image.Image) -> Image.Image:
    alpha = np.asarray(image.getchannel("A"))
    clear = int((alpha < 255).sum())
    if clear:
        raise ValueError(
            f"the image has an alpha channel, and {clear} of its {alpha.size} pixels are transparent; what the network "
            'should see behind them is yours to say: img.convert("RGB") drops the alpha channel, and '
            'PIL.Image.alpha_composite(PIL.Image.new("RGBA", img.size, "white"), img).convert("RGB") puts it on white'
        )
    return image.convert("RGB")


def _bounded(size: tuple[int, int], resize: int | tuple[int, int] | None) -> None:
    """A strip of pixels, resized by its shorter side, would fill the memory."""
    short, long = min(size), max(size)
    limit = Image.MAX_IMAGE_PIXELS
    if isinstance(resize, int) and limit is not None and resize * resize * long > limit * short:
        raise ValueError(
            f"an image of {size[0]}x{size[1]} is too narrow to resize its shorter side to {resize}: crop it first"
        )


def _tensor(tensor: torch.Tensor, channels: int | None) -> torch.Tensor:
    shape = tuple(tensor.shape)
    given = described(tensor, "tensor")
    if not tensor.is_floating_point():
        array = "image.permute(1, 2, 0).numpy()" if tensor.ndim == 3 and shape[0] in (1, 3) else "image.numpy()"
        raise TypeError(
            f"{given}; a tensor is taken as already preprocessed, (C, H, W) in float. "
            f"For pixels of 0 to 255 give an (H, W, 3) array instead: {array}"
        )
    batch = single(tensor, FORM, given)
    if batch.shape[3] in (1, 3, 4) and batch.shape[1] not in (1, 3, 4, channels):
        remedy = "image.permute(2, 0, 1)" if tensor.ndim == 3 else "image.permute(0, 3, 1, 2)"
        raise ValueError(f"{given}: channels last. Tensors are (C, H, W): give {remedy}, preprocessed")
    if channels is not None and batch.shape[1] != channels:
        remedy = ": give image.expand(3, -1, -1)" if (batch.shape[1], channels, tensor.ndim) == (1, 3, 3) else ""
        raise ValueError(f"{given}; the network takes {channels} channels, ({channels}, H, W){remedy}")
    check_finite(torch.isfinite(tensor), given)
    # A copy: what the user later does to the tensor must not change what is explained.
    return plain_tensor(batch).to(torch.float32, copy=True)


def _display(
    tensor: torch.Tensor, original: Image.Image | None, known: Preprocessing
) -> tuple[Image.Image, Image.Image, str]:
    """The input as a picture, the picture that is shown, and where that comes from."""
    # A picture has passed through these very statistics; of a ready tensor they may only be assumed.
    values, source = visible(tensor[0].cpu(), known, guess=original is None and known.assumed)
    plain = as_image(values)
    sharp = None if original is None else _sharper(original, known, plain.size)
    if sharp is not None:
        if plain.mode == "L":
            sharp = sharp.convert("L")
        if _agree(sharp, plain):
            return plain, sharp, "the original, framed as the network sees it"
    longest = max(plain.size)
    if longest <= LARGEST:
        return plain, plain, source
    smaller = tuple(max(1, round(side * LARGEST / longest)) for side in plain.size)
    return plain, plain.resize((smaller[0], smaller[1]), Image.Resampling.BILINEAR), source


def visible(tensor: torch.Tensor, known: Preprocessing, guess: bool) -> tuple[np.ndarray[Any, Any], str]:
    """The input with values in [0, 1], (C, H, W) or (C, D, H, W), and how they came about."""
    values = tensor.numpy()
    low, high = float(values.min()), float(values.max())
    inside = low >= -ROUNDING and high <= 1 + ROUNDING
    if _fits(known, len(values)) and not (guess and inside):
        beside = (1,) * (values.ndim - 1)
        mean, std = (np.asarray(part, np.float32).reshape(-1, *beside) for part in (known.mean, known.std))
        pixels = values * std + mean
        # Far outside, these are not the statistics that this input was made with. Bicubic resizing overshoots a little.
        if pixels.min() >= -0.25 and pixels.max() <= 1.25:
            return np.clip(pixels, 0, 1), "the network's input, un-normalised" + " (assumed)" * guess
    if inside:
        return np.clip(values, 0, 1), "the network's input as it is"
    span = high - low
    stretched = (values - low) / span if span > 0 else np.full_like(values, 0.5)
    return stretched, f"the network's input, stretched from [{low:.3g}, {high:.3g}]"


def _fits(known: Preprocessing, channels: int) -> bool:
    return known.mean is not None and known.std is not None and {len(known.mean), len(known.std)} <= {1, channels}


def as_image(values: np.ndarray[Any, Any]) -> Image.Image:
    """(C, H, W) in [0, 1] as a picture: the first three channels, or the first where there are fewer than three."""
    pixels = np.rint(values[: 3 if len(values) >= 3 else 1] * 255).astype(np.uint8)
    if np.ptp(pixels.astype(np.int16), axis=0).max() <= 1:  # grey, but for rounding
        return Image.fromarray(np.ascontiguousarray(pixels[0]))
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _sharper(original: Image.Image, known: Preprocessing, size: tuple[int, int]) -> Image.Image | None:
    """What the network saw, cut from the original; None where that is unknown or has no more detail."""
    box = None if known.resize is None else frame(original.size, known.resize, known.crop)
    if box is None or known.interpolation is None:
        return None
    width, height = size
    detail = min((box[2] - box[0]) / width, (box[3] - box[1]) / height)
    scale = min(SHARPER, SIDE / max(size), detail)
    if scale <= 1:
        return None
    return original.resize((round(width * scale), round(height * scale)), known.interpolation, box=box)


def frame(
    size: tuple[int, int], resize: int | tuple[int, int], crop: tuple[int, int] | None
) -> tuple[float, float, float, float] | None:
    """What is left of an image (width, height) by torchvision's resize and central crop: a box in its own pixels.

    None where the crop is larger than the resized image, and padding would be seen.
    """
    width, height = size
    if isinstance(resize, int):
        # torchvision cuts the longer side to a whole number; so must this, to keep the same frame.
        new = (resize, int(resize * height / width)) if width <= height else (int(resize * width / height), resize)
    else:
        new = (resize[1], resize[0])
    if crop is None:
        return (0.0, 0.0, float(width), float(height))
    if crop[1] > new[0] or crop[0] > new[1]:
        return None
    left, top = round((new[0] - crop[1]) / 2), round((new[1] - crop[0]) / 2)
    across, down = width / new[0], height / new[1]
    right, bottom = min((left + crop[1]) * across, width), min((top + crop[0]) * down, height)
    return (left * across, top * down, right, bottom)


def _agree(sharp: Image.Image, plain: Image.Image) -> bool:
    """Whether both show the same: a step that was taken for harmless may have moved or turned the picture."""
    small = (min(plain.width, COMPARED), min(plain.height, COMPARED))
    first, second = (
        np.asarray(picture.resize(small, Image.Resampling.BOX).convert(plain.mode), np.float64).ravel()
        for picture in (sharp, plain)
    )
    if min(first.std(), second.std()) < 1:  # nearly one colour: a correlation would mean nothing
        return bool(abs(first - second).mean() < 8)
    return bool(np.corrcoef(first, second)[0, 1] >= AGREE)
