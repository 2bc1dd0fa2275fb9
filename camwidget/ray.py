"""Many machines: maps of a data set by Ray Data, one engine an actor. Needs the extra ``ray``.

    found = ray.data.read_binary_files(folder, include_paths=True).map_batches(
        CamMapper, fn_constructor_args=(model,), batch_size=32, concurrency=4, num_gpus=1)
    found.write_parquet("maps")

or in one call ``explain_files(model, folder, "maps", workers=4)``. The batch of an actor that died Ray gives to another
one, and what an actor returns it takes once: every image is in the result once. This module imports Ray only where it
starts a run, so that a ``CamMapper`` may be tried on a batch without it.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from camwidget.dataset.run import NoneReadable, explain
from camwidget.dataset.sources import SUFFIXES
from camwidget.engine import CamEngine, Explanations

Batch = dict[str, Any]

BYTES, IMAGE, PATH, LABEL = "bytes", "image", "path", "label"


class CamMapper:
    """What ``map_batches`` calls: from a batch of images to their maps. Made once an actor, on its GPU if it has one.

    A batch has the column "bytes" (files as they are, by ``read_binary_files``), "image" (arrays ``(H, W, 3)``, by
    ``read_images``) or else "path" (files that every machine sees); and, if at hand, "path" and "label". The result has
    the columns "path", "predicted", "confidence", "target", "score", "label" (-1: none), "error" (empty where there is
    none), and for each layer and variant the maps, float32: "map", or of several "map layer4 gradcam".

    Args:
        model: any classifier; or a callable that makes it, which is called on the machine that uses it: so that weights
            are loaded there instead of being sent.
        targets: as of ``explain``: None for the predicted class, "label" for the column of labels, or a class for all.
        layer, variant, preprocess: as of ``explain``.
        size: of the maps, as of ``explain``; default: "grid", which is small.
        batch_size: images in one pass, at most.
        device: where the model runs; default: the GPU where the actor has one.

    Raises: as ``explain``, but for images that cannot be read: of these "error" says why, and the maps are NaN.
    """

    def __init__(
        self,
        model: nn.Module | Callable[[], nn.Module],
        targets: Any = None,
        layer: str | Sequence[str | None] | None = None,
        variant: str | Sequence[str] = "gradcam",
        *,
        size: str | int | Sequence[int] = "grid",
        batch_size: int = 32,
        preprocess: Any = None,
        device: str | torch.device | None = None,
    ) -> None:
        made = model if isinstance(model, nn.Module) else model()
        where = device or ("cuda" if torch.cuda.is_available() else "cpu")
        # what Ray hands over may be shared, and must not be moved
        self._engine = CamEngine(made if _is_on(made, where) else _moved(made, where))
        self._targets = targets
        self._keywords: dict[str, Any] = {
            "layer": layer,
            "variant": variant,
            "size": size,
            "batch_size": batch_size,
            "preprocess": preprocess,
        }

    def __call__(self, batch: Batch) -> Batch:
        """The result for a batch of columns of n rows each.

        Raises:
            ValueError: it has no column of images.
        """
        items = _images(batch)
        if LABEL in batch:
            items = [*zip(items, np.asarray(batch[LABEL]).tolist(), strict=True)]
        n, found = len(items), self._explained(items)
        errors = {skipped.index: skipped.reason for skipped in found.skipped}
        single = len(found.maps) == 1
        maps = {"map" if single else f"map {' '.join(key)}": np.asarray(made)[:n] for key, made in found.maps.items()}
        return {
            PATH: np.array([str(path) for path in batch.get(PATH, found.names[:n])], dtype=object),
            "predicted": found.predicted[:n],
            "confidence": found.confidence[:n],
            "target": found.targets[:n],
            "score": found.scores[:n],
            LABEL: found.labels[:n],
            "error": np.array([errors.get(i, "") for i in range(n)], dtype=object),
            **maps,
        }

    def _explained(self, items: list[Any]) -> Explanations:
        """Where nothing of a batch can be read the maps have a size, too: that of a grey picture, which comes last."""
        try:
            return self._explain(items)
        except NoneReadable:
            grey = Image.new("RGB", (256, 256), "grey")
            return self._explain([*items, (grey, 0)])

    def _explain(self, items: list[Any]) -> Explanations:
        return explain(self._engine, items, self._targets, on_error="skip", progress=False, **self._keywords)


def _images(batch: Batch) -> list[Any]:
    """The images of a batch, in a form that ``explain`` takes."""
    if IMAGE in batch:
        return list(batch[IMAGE])
    if BYTES in batch:
        names = batch.get(PATH, [f"image {i}" for i in range(len(batch[BYTES]))])
        return [_file(data, str(name)) for data, name in zip(batch[BYTES], names, strict=True)]
    if PATH in batch:
        return [str(path) for path in batch[PATH]]
    raise ValueError(f"a batch has the columns {', '.join(batch)}; accepted: one called bytes, image or path")


def _file(data: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def explain_files(
    model: nn.Module | Callable[[], nn.Module],
    images: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    workers: int = 2,
    gpus: float = 0,
    batch_size: int = 32,
    address: str | None = None,
    **keywords: Any,
) -> Any:
    """Explain files on a cluster, and write what was found as Parquet.

    Args:
        model, keywords: as of ``CamMapper``.
        images: a folder, or paths, that every machine sees; or any place that Ray reads, such as ``s3://…``.
        out: a folder for the Parquet files, or any place that Ray writes to.
        workers: actors, each with an engine of its own. gpus: of each.
        batch_size: images that an actor is given at once.
        address: of the cluster, such as ``"auto"`` or ``"ray://head:10001"``; default: Ray as it is running, or on this
            machine alone.

    Returns: the ``ray.data.Dataset`` of what was written.

    Raises: ImportError: Ray is not installed. Besides as Ray.
    """
    ray = _ray()
    if not ray.is_initialized():
        ray.init(address=address, log_to_driver=False)
    places = [str(path) for path in images] if not isinstance(images, (str, Path)) else str(images)
    files = ray.data.read_binary_files(places, include_paths=True, file_extensions=[end[1:] for end in SUFFIXES])
    files.map_batches(
        CamMapper,
        fn_constructor_args=(model,),
        fn_constructor_kwargs={"batch_size": batch_size, **keywords},
        batch_size=batch_size,
        concurrency=workers,
        num_gpus=gpus or None,
    ).write_parquet(str(out))
    return ray.data.read_parquet(str(out))


def _ray() -> Any:
    try:
        import ray.data
    except ImportError as error:
        raise ImportError("Ray is not installed: pip install 'camwidget[ray]'") from error
    return ray


def _is_on(model: nn.Module, device: str | torch.device) -> bool:
    parameter = next(model.parameters(), None)
    return parameter is None or parameter.device.type == torch.device(device).type


def _moved(model: nn.Module, device: str | torch.device) -> nn.Module:
    return copy.deepcopy(model).to(device)
