"""What a run on many machines wrote, see ``camwidget.ray``: the paths of pictures, and what the model said of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

COLUMNS = ("path", "predicted", "confidence", "label")


@dataclass(frozen=True)
class Found:
    """Of N pictures; ``labels`` -1 and ``predicted`` -1: none."""

    paths: list[str]
    labels: list[int]
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float32]


def read(given: Any) -> Found | None:
    """What is in a Parquet file, or in a folder of them; None where it is neither.

    Raises:
        ImportError: nothing is installed that reads Parquet. ValueError: it lacks a column.
    """
    if not isinstance(given, (str, Path)):
        return None
    path = Path(given).expanduser()
    inside = sorted(path.rglob("*.parquet")) if path.is_dir() else []
    if path.suffix != ".parquet" and not inside:
        return None
    table = _table(path)
    return Found(
        [str(one) for one in table["path"]],
        [int(one) for one in table["label"]],
        np.asarray(table["predicted"], np.int64),
        np.asarray(table["confidence"], np.float32),
    )


def _table(path: Path) -> Any:
    try:
        import pandas as pd

        # the maps are not read: which layer's they are is not written there
        return pd.read_parquet(path, columns=[*COLUMNS])
    except ImportError as error:
        raise ImportError("Parquet is read by pandas and pyarrow: pip install pandas pyarrow") from error
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(
            f"{str(path)!r} cannot be read: {error}; accepted: Parquet with the columns {', '.join(COLUMNS)}, as "
            "camwidget.ray.CamMapper makes it of files"
        ) from error
