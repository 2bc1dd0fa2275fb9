"""How a picture becomes the network's input: the given preprocessing, or the one found from the model.

In this order: what the user gave; what the model carries itself (``preprocess``, ``mean``, ``std``); the transforms of
the torchvision weights that fit the model; timm's ``pretrained_cfg``; else ImageNet's resize, crop and normalise.
Nothing is ever downloaded, and ``Preprocessing.words`` says which it was.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch import nn

from camwidget.engine.accepted import unwrap

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
GREY_MEAN = (0.449,)
GREY_STD = (0.226,)

# Steps of a pipeline that move no pixel. Where any other step occurs, the framing counts as unknown.
STILL = frozenset(
    {"ToTensor", "PILToTensor", "MaybeToTensor", "MaybePILToTensor", "ToImage", "ToPureTensor", "ToDtype"}
    | {"ConvertImageDtype", "ConvertDtype", "Normalize", "Grayscale", "RGB", "Identity"}
)


@dataclass(frozen=True)
class Preprocessing:
    """A transform, and what is known of it."""

    transform: Callable[[Image.Image], Any]
    words: str
    """What it is, for the read-out."""
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    resize: int | tuple[int, int] | None = None
    """Length of the shorter side, or (height, width). None: the framing is unknown, or nothing is resized."""
    crop: tuple[int, int] | None = None
    """Height and width of the central crop, taken after ``resize``."""
    interpolation: Image.Resampling | None = None
    channels: int | None = None
    """What the network takes: 1 (grey), 3 (RGB), …; None where it could not be told."""
    assumed: bool = False
    """Nothing was given or found: this is a guess, and so are its statistics."""

    def facts(self) -> tuple[object, ...]:
        """Everything that makes a difference to the input, but for the callable itself."""
        return (self.resize, self.crop, self.interpolation, self.mean, self.std)

    def apply(self, image: Image.Image) -> torch.Tensor:
        """The network's input, float32 (1, C, H, W); errors say what the transform gave instead."""
        try:
            result = self.transform(image)
        except Exception as error:  # whatever a user's code may raise
            width, height = image.size
            raise ValueError(
                f"the preprocessing ({self.words}) failed on a PIL image of mode {image.mode}, {width}x{height}: "
                f"{type(error).__name__}: {error}. It is called with a PIL image and must give a float tensor (C, H, W)"
            ) from error
        return self._checked(result)

    def _checked(self, result: Any) -> torch.Tensor:
        if isinstance(result, Mapping) and "pixel_values" in result:
            result = result["pixel_values"]
        wanted = f"the preprocessing ({self.words}) must give a float tensor (C, H, W); it gave"
        if not isinstance(result, torch.Tensor):
            raise TypeError(f"{wanted} {_kind(result)}. {_remedy(result)}")
        tensor = plain_tensor(result)
        if not tensor.is_floating_point():
            raise TypeError(f"{wanted} {tensor.dtype}. End it with ToTensor(), or ToDtype(torch.float32, scale=True)")
        batch = tensor[None] if tensor.ndim == 3 else tensor
        if batch.ndim != 4 or batch.shape[0] != 1 or 0 in batch.shape:
            raise ValueError(f"{wanted} the shape {tuple(tensor.shape)}")
        if self.channels is not None and batch.shape[1] != self.channels:
            raise ValueError(
                f"{wanted} {batch.shape[1]} channels, {tuple(tensor.shape)}, but the network takes {self.channels}. "
                f"Give a preprocess that makes {self.channels}, or a preprocessed tensor ({self.channels}, H, W)"
            )
        if not torch.isfinite(batch).all():
            raise ValueError(f"{wanted} NaN or infinite values: look at its Normalize, a std of 0 for one")
        return batch.float()


def find(model: nn.Module, preprocess: object = None) -> Preprocessing:
    """The preprocessing for ``model``: ``preprocess`` if given, else found from the model, else ImageNet's."""
    model = unwrap(model)
    channels = input_channels(model)
    found = _given(preprocess) if preprocess is not None else _own(model) or _torchvision(model) or _timm(model)
    return replace(found or _imagenet(channels), channels=channels)


def input_channels(model: nn.Module) -> int | None:
    """Channels that the first convolution takes, where that is telling (1 to 4), else None.

    Modules are listed in the order in which they were made, which need not be the order in which they run: a first
    convolution of 64 channels is not the input's.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            return module.in_channels if 0 < module.in_channels <= 4 else None
    return None


def torchvision_weights(model: nn.Module) -> list[Any]:
    """The torchvision weights that fit a torchvision network by their number of parameters, the default one first."""
    model = unwrap(model)
    modules = [kind.__module__ for kind in type(model).__mro__ if kind.__module__.startswith("torchvision.models.")]
    if not modules:
        return []
    from torchvision.models import WeightsEnum

    size = sum(parameter.numel() for parameter in model.parameters())
    families = vars(importlib.import_module(modules[0])).values()
    fitting = [
        weights
        for family in families
        if isinstance(family, type) and issubclass(family, WeightsEnum)
        for weights in _members(family)
        if weights.meta.get("num_params") == size
    ]
    return sorted(fitting, key=lambda weights: weights is not getattr(type(weights), "DEFAULT", None))


def _members(family: Any) -> list[Any]:
    return list(family)


def _given(preprocess: object) -> Preprocessing:
    if hasattr(preprocess, "transforms") and hasattr(preprocess, "meta") and not isinstance(preprocess, nn.Module):
        return replace(described(preprocess.transforms()), words=str(preprocess))  # a member of a weights enum
    if isinstance(preprocess, functools.partial) and isinstance(preprocess.func, type):
        raise TypeError("preprocess is weights.transforms itself; call it: preprocess=weights.transforms()")
    processor = getattr(preprocess, "image_processor", preprocess)  # a processor of text and images holds one of images
    if hasattr(processor, "image_mean") and hasattr(processor, "image_std") and callable(processor):
        return _hugging_face(processor)
    if not callable(preprocess):
        remedy = "; put its steps into torchvision.transforms.Compose" if isinstance(preprocess, (list, tuple)) else ""
        raise TypeError(
            "preprocess must be a callable that makes a float tensor (C, H, W) of a PIL image, such as "
            f"weights.transforms(); given: {_kind(preprocess)}{remedy}"
        )
    return described(preprocess)


def described(transform: Callable[..., Any]) -> Preprocessing:
    """What can be read from a transform: its statistics and, where every step is known, its framing."""
    preset = type(transform).__module__ == "torchvision.transforms._presets"
    result = Preprocessing(transform, "weights.transforms()" if preset else "given preprocess")
    if hasattr(transform, "resize_size"):  # torchvision's presets, and what follows their names
        crop = getattr(transform, "crop_size", None)
        steps: dict[str, Any] = {
            "resize": _side(transform.resize_size),
            "crop": None if crop is None else _pair(crop),
            "interpolation": _resampling(getattr(transform, "interpolation", "bilinear")),
        }
    else:
        steps = _framing(list(_steps(transform)))
    normal = [step for step in _steps(transform) if _stats(getattr(step, "mean", None)) is not None]
    if len(normal) == 1:  # with two, neither is the whole story
        steps |= {"mean": _stats(normal[0].mean), "std": _stats(getattr(normal[0], "std", None))}
    return replace(result, **steps)


def _own(model: nn.Module) -> Preprocessing | None:
    """A model that says itself what it wants, as the demo's does.

    It has ``mean`` and ``std``, and either ``preprocess``, which makes a tensor of a PIL image, or ``input_size``, the
    side of the central square that it is shown.
    """
    mean, std = _stats(getattr(model, "mean", None)), _stats(getattr(model, "std", None))
    own, side = getattr(model, "preprocess", None), getattr(model, "input_size", None)
    if mean is None or std is None:
        return None
    if callable(own):
        return replace(described(own), words="the model's own preprocess", mean=mean, std=std)
    if isinstance(side, int) and side > 0:
        found = _standard(side, (side, side), Image.Resampling.BILINEAR, mean, std)
        return replace(found, words="the model's own input_size, mean and std")
    return None


def _torchvision(model: nn.Module) -> Preprocessing | None:
    fitting = torchvision_weights(model)
    if not fitting:
        return None
    best, *others = [replace(described(weights.transforms()), words=str(weights)) for weights in fitting]
    # Weights of one architecture may differ in their framing, and nothing on the model says which of them it holds.
    rivals = [weights.name for weights, other in zip(fitting[1:], others, strict=True) if other.facts() != best.facts()]
    return replace(best, words=f"{best.words} (or {', '.join(rivals)})") if rivals else best


def _timm(model: nn.Module) -> Preprocessing | None:
    config = timm_config(model)
    size, mean, std = config.get("input_size"), _stats(config.get("mean")), _stats(config.get("std"))
    if not size or mean is None or std is None or config.get("crop_mode", "center") not in ("center", "squash"):
        return None
    height, width = int(size[-2]), int(size[-1])
    scale = float(config.get("crop_pct") or 0.875)
    sides = math.floor(height / scale), math.floor(width / scale)
    shorter = config.get("crop_mode", "center") == "center" and height == width
    interpolation = _resampling(config.get("interpolation")) or Image.Resampling.BILINEAR
    found = _standard(sides[0] if shorter else sides, (height, width), interpolation, mean, std)
    return replace(found, words="timm pretrained_cfg")


def timm_config(model: nn.Module) -> Mapping[str, Any]:
    """What timm wrote on the model about its weights; empty where timm has not built it."""
    for name in ("pretrained_cfg", "default_cfg"):
        config = getattr(model, name, None)
        if isinstance(config, Mapping) and "mean" in config:
            return config
    return {}


def _imagenet(channels: int | None) -> Preprocessing:
    mean, std, grey = (GREY_MEAN, GREY_STD, ", grey") if channels == 1 else (MEAN, STD, "")
    words = f"ImageNet resize 256, crop 224{grey} (assumed)"
    return replace(_standard(256, (224, 224), Image.Resampling.BILINEAR, mean, std), words=words, assumed=True)


def _standard(
    resize: int | tuple[int, int],
    crop: tuple[int, int],
    interpolation: Image.Resampling,
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> Preprocessing:
    from torchvision import transforms

    mode = transforms.InterpolationMode(interpolation.name.lower())
    steps = [
        transforms.Resize(resize, interpolation=mode),
        transforms.CenterCrop(crop),
        transforms.ToTensor(),
        transforms.Normalize(mean, std),
    ]
    return described(transforms.Compose(steps))


def _hugging_face(processor: Any) -> Preprocessing:
    def transform(image: Image.Image) -> Any:
        return processor(images=image, return_tensors="pt")["pixel_values"]

    normal = getattr(processor, "do_normalize", True)
    mean, std = (processor.image_mean, processor.image_std) if normal else (None, None)
    return Preprocessing(transform, f"given {type(processor).__name__}", _stats(mean), _stats(std))


def _steps(transform: object) -> Iterable[Any]:
    """The steps of a pipeline, nested ones laid flat."""
    inner = transform if isinstance(transform, nn.Sequential) else getattr(transform, "transforms", None)
    # By name, for there are several classes Compose; RandomApply and the like hold transforms too, but are no pipeline.
    if isinstance(inner, Iterable) and (inner is transform or type(transform).__name__ == "Compose"):
        for step in inner:
            yield from _steps(step)
    else:
        yield transform


def _framing(steps: list[Any]) -> dict[str, Any]:
    """Resize and centre crop of a pipeline that has, for moving pixels, one resize and then at most one crop."""
    moving = [step for step in steps if type(step).__name__ not in STILL]
    names = [type(step).__name__ for step in moving]
    if names not in (["Resize"], ["Resize", "CenterCrop"]) or getattr(moving[0], "max_size", None) is not None:
        return {}
    size = _side(getattr(moving[0], "size", None))
    if size is None:
        return {}
    crop = _pair(moving[1].size) if len(moving) == 2 else None
    return {"resize": size, "crop": crop, "interpolation": _resampling(getattr(moving[0], "interpolation", None))}


def _side(size: Any) -> int | tuple[int, int] | None:
    if size is None or isinstance(size, int):
        return size
    return int(size[0]) if len(size) == 1 else (int(size[0]), int(size[1]))


def _pair(size: Any) -> tuple[int, int]:
    side = _side(size)
    return (side, side) if isinstance(side, int) else (side or (0, 0))


def _resampling(mode: Any) -> Image.Resampling | None:
    """Pillow's filter for torchvision's mode, timm's word or Pillow's own number."""
    if isinstance(mode, int):
        return Image.Resampling(mode) if mode in list(Image.Resampling) else None
    word = str(getattr(mode, "value", mode)).upper().replace("NEAREST-EXACT", "NEAREST")
    return Image.Resampling.__members__.get(word)


def _stats(values: Any) -> tuple[float, ...] | None:
    """Mean or standard deviation as plain numbers; None for whatever else such an attribute may be."""
    try:
        numbers = torch.as_tensor(values, dtype=torch.float64, device="cpu").flatten().tolist()
    except (TypeError, ValueError, RuntimeError):
        return None
    return tuple(numbers) if 1 <= len(numbers) <= 64 and all(map(math.isfinite, numbers)) else None


def plain_tensor(tensor: torch.Tensor) -> torch.Tensor:
    """Without its history, and without the subclass that torchvision's v2 transforms give it."""
    return torch.Tensor.as_subclass(tensor.detach(), torch.Tensor)


def _kind(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"a {type(value).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else "")


def _remedy(result: object) -> str:
    if isinstance(result, Image.Image):
        return "Add ToTensor() to it, and Normalize where the network wants it"
    if type(result).__module__.startswith("numpy"):
        return "Add torch.from_numpy(…), and put the channels first"
    return "Let it return the tensor alone"
