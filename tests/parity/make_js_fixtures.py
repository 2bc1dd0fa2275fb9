"""Writes the fixtures that hold JavaScript to torch and Python: ``python tests/parity/make_js_fixtures.py``.

``upsample.json`` holds `torch.nn.functional.interpolate` results, ``placed.json`` those of `grid_sample` for cells that
are not spread evenly, ``half.json`` half floats and what they mean, ``regions.json`` how much of each cell lies in a
region, ``python.json`` views and the code that makes them again. The files are small and kept in git, so that the
JavaScript tests need no Python; ``test_js_fixtures.py`` makes them anew and compares, so that they cannot drift.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from camwidget import as_python
from camwidget.as_python import DEFAULTS
from camwidget.region import coverage

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

PLACES = (
    ((13, 13), (40, 31), ((0.078125, 0.0714285714), (0.078125, 0.0714285714))),
    ((5, 7), (41, 29), ((0.0508, 0.2115), (0.2064, 0.1128))),
    ((6, 4), (30, 37), ((-0.055, 0.2275), (0.008, 0.326))),
    ((3, 3), (31, 20), ((0.6548, 0.0548), (0.245, 0.22))),
)
"""Grid, size, and for each axis the centre of cell 0 and the step, in shares: unpadded, oblong, jutting out, off."""


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


def placed_cases() -> list[dict[str, Any]]:
    """Cells placed by `grid_sample`, whose coordinates run from -1 to 1 over the grid; ``null``: none is centred."""
    generator = torch.Generator().manual_seed(1)
    cases = []
    for grid, size, place in PLACES:
        values = torch.randn((1, 1, *grid), generator=generator).mul(3).round(decimals=3)
        at = [
            ((torch.arange(n, dtype=torch.float64) + 0.5) / n - centre) / step
            for n, (centre, step) in zip(size, place, strict=True)
        ]
        rows, columns = torch.meshgrid(*(2 * (a + 0.5) / n - 1 for a, n in zip(at, grid, strict=True)), indexing="ij")
        inside = (rows.abs() <= 1) & (columns.abs() <= 1)
        for mode in MODES:
            where = torch.stack([columns, rows], -1)[None]
            out = F.grid_sample(values.double(), where, mode, "border", align_corners=False)[0, 0]
            known = zip(out.flatten().tolist(), inside.flatten().tolist(), strict=True)
            cases.append(
                {
                    "mode": mode,
                    "from": list(grid),
                    "to": list(size),
                    "place": [list(pair) for pair in place],
                    "values": [round(v, 3) for v in values.flatten().tolist()],
                    "expected": [round(v, 7) if there else None for v, there in known],
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


def python_cases() -> list[dict[str, Any]]:
    """Views, and the code that makes them again."""
    plain = {
        "classes": {"names": ["star", 'a "b" \\ <i>', "línea\u2028x\ny\u202e"]}, "meta": {"call": []},
        "against": None, "score": "logit", "target": 0, "layer": "layer4.1", "variant": "gradcam++", **DEFAULTS,
    }  # fmt: skip
    call = as_python.call({
        "labels": ["x"], "truth": 2, "preprocess": len, "topk": 5, "probability": "none", "forward": None,
        "autocast": torch.float16, "pixels": (3, slice(1, 2)), "kind": "picture", "rate": 12.5, "memory": 10**9,
    })  # fmt: skip
    changes: list[dict[str, Any]] = [
        {},
        {"target": 2, "against": 1, "score": "softmax", "layer": 'odd "name"\t'},
        {"opacity": 1.0, "threshold": 0.25, "colormap": "turbo", "sign": "absolute", "shading": "cells"},
        {"scale": "listed", "interpolation": "bilinear", "opacity": 0.3, "meta": {"call": call}},
        {"index": 3, "score": "softmax", "opacity": 0.3},
        {"region": [3.0, 5.5, 40.0, 33.25], "limit": 2.5, "levels": [0.1, 1.0], "gamma": 0.5},
        {"region": [[5.0, 5.5], [60.0, 12.5], [22.0, 44.0]], "contrast": "swipe", "rival": 1, "sign": "negative"},
        {
            "edited": {
                "edits": [
                    {"tool": "stroke", "mode": "cover", "fill": "mean", "points": [[1.5, 2.0]], "radius": 8.0},
                    {"tool": "box", "mode": "keep", "fill": "blur", "points": [0.0, 0.0, 16.0, 20.5]},
                ]
            }
        },
    ]
    cases = [{**plain, **change} for change in changes]
    return [{**case, "code": as_python.code(case)} for case in cases]


def region_cases() -> list[dict[str, Any]]:
    """Boxes and outlines on even and on placed grids: convex, crossing itself, all of the picture, a sliver."""
    high, wide = 48, 64
    star = [
        [32 + 20 * math.cos(4 * math.pi * i / 5 - 1.5), 24 + 20 * math.sin(4 * math.pi * i / 5 - 1.5)] for i in range(5)
    ]
    regions: list[Any] = [
        [3, 5, 40.5, 33.25],
        [0, 0, wide, high],
        [[5, 5], [60, 12.5], [22, 44]],
        [[round(x, 2), round(y, 2)] for x, y in star],
        [[10, 10], [50, 40], [50, 10], [10, 40]],
        [[1, 1], [63, 1], [63, 1.4]],
    ]
    places = (None, ((0.078125, 0.0714285714), (0.2, 0.18)))
    return [
        {
            "region": region,
            "grid": list(grid),
            "input": [high, wide],
            "place": None if place is None else [list(pair) for pair in place],
            "expected": coverage(region, grid, (high, wide), place).round(7).flatten().tolist(),
        }
        for region in regions
        for grid, place in (((7, 7), None), ((3, 5), None), ((12, 4), places[1]))
    ]


def fixtures() -> dict[str, Any]:
    return {
        "upsample.json": upsample_cases(),
        "placed.json": placed_cases(),
        "half.json": half_cases(),
        "python.json": python_cases(),
        "regions.json": region_cases(),
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in fixtures().items():
        (FOLDER / name).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
