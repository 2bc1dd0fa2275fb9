"""Writes the fixtures that hold JavaScript to torch: ``python tests/parity/make_js_fixtures.py``.

``upsample.json`` holds `torch.nn.functional.interpolate` results, ``half.json`` half floats and what they mean. The
files are small and kept in git, so that the JavaScript tests need no Python; ``test_js_fixtures.py`` makes them anew
and compares, so that they cannot drift from torch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = Path(__file__).resolve().parents[2] / "js" / "test" / "fixtures"

SIZES = (
    ((7, 7), (20, 20)),
    ((7, 7), (23, 31)),
    ((13, 13), (37, 19)),
    ((4, 6), (17, 9)),
    ((1, 1), (5, 7)),
    ((1, 9), (6, 40)),
    ((9, 1), (40, 6)),
    ((2, 3), (2, 3)),
    ((14, 14), (9, 5)),
    ((2, 2), (3, 129)),
)
MODES = ("bicubic", "bilinear")


def upsample_cases() -> list[dict[str, Any]]:
    """Maps with negative values, edges and odd ratios; sizes that grow, stay and shrink."""
    generator = torch.Generator().manual_seed(0)
    cases = []
    for grid, size in SIZES:
        values = torch.randn((1, 1, *grid), generator=generator).mul(3).round(decimals=3)
        for mode in MODES:
            out = F.interpolate(values, size=size, mode=mode, align_corners=False)
            cases.append(
                {
                    "mode": mode,
                    "from": list(grid),
                    "to": list(size),
                    "values": [round(v, 3) for v in values.flatten().tolist()],
                    "expected": [round(v, 7) for v in out.flatten().tolist()],
                }
            )
    return cases


def half_cases() -> dict[str, Any]:
    """Every kind of half float: zeros of both signs, subnormal, normal, largest, infinite; NaN is ``null``."""
    zeros, small, usual = [0x0000, 0x8000], [0x0001, 0x03FF, 0x0400], [0x3C00, 0xBC00, 0x3555, 0xC248]
    bits = np.array([*zeros, *small, *usual, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00], dtype="<u2")
    values = bits.view("<f2").astype(np.float64)
    spelled = [None if np.isnan(v) else str(v) if np.isinf(v) else float(v) for v in values]
    return {"bits": bits.tolist(), "values": spelled}


def fixtures() -> dict[str, Any]:
    return {"upsample.json": upsample_cases(), "half.json": half_cases()}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in fixtures().items():
        (FOLDER / name).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
