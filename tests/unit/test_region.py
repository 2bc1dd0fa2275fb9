"""Regions of the picture: read without trust, measured exactly; and the table of what they say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from camwidget.protocol import REGION_POINTS
from camwidget.region import coverage, is_box, read_region, share_of_picture
from camwidget.region_scores import RegionScores, rows_of

SIZE = (64, 96)


def circle(radius: float, x: float, y: float, n: int = 400) -> list[list[float]]:
    turns = np.linspace(0, 2 * math.pi, n, endpoint=False)
    return np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], 1).tolist()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ((1, 2, 30, 40), [1, 2, 30, 40]),
        (np.array([1, 2, 30, 40]), [1, 2, 30, 40]),
        ([30, 40, 1, 2], [1, 2, 30, 40]),
        ([-5, -5, 1000, 1000], [0, 0, 96, 64]),
        ([1.23456, 2, np.float32(30), 40], [1.23, 2, 30, 40]),
        (((1, 2), (30, 2), (30, 40)), [[1, 2], [30, 2], [30, 40]]),
        (np.array([[1, 2], [130, 2], [30, -40.0]]), [[1, 2], [96, 2], [30, 0]]),
        ([[1, 2], [130, 2], [30, 80]], [[1, 2], [96, 2], [30, 64]]),
    ],
)
def test_what_is_accepted(given: Any, kept: Any) -> None:
    found = read_region(given, SIZE)
    assert found == kept
    assert found is None or is_box(found) == (len(np.shape(found)) == 1)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (7, TypeError, "region is a int; accepted"),
        ("box", TypeError, "region is a str"),
        ({}, TypeError, "region is a dict"),
        ([], ValueError, "0 numbers"),
        ([1, 2, 3], ValueError, "3 numbers"),
        ([1, 2, 3, 4, 5], ValueError, "5 numbers"),
        ([1, 2, 3, "4"], TypeError, "made of numbers"),
        ([1, 2, 3, True], TypeError, "made of numbers"),
        ([1, 2, 3, None], TypeError, "made of numbers"),
        ([1, 2, 3, float("nan")], ValueError, "not finite"),
        ([1, 2, 3, float("inf")], ValueError, "not finite"),
        ([1, 2, 3, 10**400], ValueError, "not finite"),
        ([1, 2, 1, 40], ValueError, "no area on the picture of 96 x 64 pixels"),
        ([100, 2, 200, 40], ValueError, "no area"),
        ([[1, 2], [3, 4]], ValueError, "2 points"),
        ([[1, 2], [3, 4], [5, 6, 7]], ValueError, "3 points"),
        ([[1, 2], [3, 4], 5], ValueError, "3 points"),
        ([[1, 2], [3, 4], []], ValueError, "3 points"),
        ([[1, 2], [3, 4], [[5], 6]], TypeError, "made of numbers"),
        ([[1, 2], [3, 4], [5, float("nan")]], ValueError, "not finite"),
        ([[1, 1], [20, 20], [40, 40]], ValueError, "no area"),
        ([[200, 1], [300, 1], [300, 9]], ValueError, "no area"),
        ([[1, 2]] * (REGION_POINTS + 1), ValueError, "at most 2000"),
    ],
)
def test_what_is_refused(given: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        read_region(given, SIZE)


def test_of_a_box_cells_count_by_the_area_in_it() -> None:
    found = coverage([16, 16, 48, 40], (2, 3), SIZE)
    np.testing.assert_allclose(found, [[0.25, 0.25, 0], [0.125, 0.125, 0]], atol=1e-12)
    assert coverage([0, 0, 96, 64], (7, 5), SIZE).sum() == pytest.approx(35, abs=1e-12)
    assert share_of_picture([0, 0, 48, 32], SIZE) == 0.25


def test_an_outline_has_its_area() -> None:
    points = circle(20, 48, 32)
    area = math.pi * 400 / (64 * 96)
    assert share_of_picture(points, SIZE) == pytest.approx(area, rel=2e-3)
    assert share_of_picture(points[::-1], SIZE) == pytest.approx(area, rel=2e-3)
    assert share_of_picture(points * 2, SIZE) == pytest.approx(share_of_picture(points, SIZE), rel=1e-9)
    assert coverage(points, (8, 12), SIZE).mean() == pytest.approx(area, rel=2e-3)
    as_box = [[16.5, 8.25], [64, 8.25], [64, 40], [16.5, 40]]
    made, due = (coverage(region, (7, 7), SIZE) for region in (as_box, [16.5, 8.25, 64, 40]))
    np.testing.assert_allclose(made, due, atol=0.02)


def test_cells_are_covered_where_they_are_placed() -> None:
    place = ((0.25, 0.25), (0.25, 0.25))
    assert (coverage([12, 8, 36, 24], (3, 3), SIZE, place) == np.eye(1, 9).reshape(3, 3)).all()
    assert not coverage([0, 0, 12, 8], (3, 3), SIZE, place).any()
    # of a cell that lies half outside, the part on the picture counts
    np.testing.assert_allclose(coverage([0, 0, 6, 64], (1, 3), SIZE, ((0.5, 1.0), (0.0, 0.25))), [[0.5, 0, 0]])


def scores(**over: Any) -> RegionScores:
    maps = np.array([[[2, -4]], [[8, 0]], [[-1, -1]], [[np.nan, 1]]], np.float32)
    names = ["cat", "dog", "a name that is longer than the table is wide", "owl", "fox"]
    rows = rows_of([0, 1, 2, 3], maps, np.array([[0.5, 1]]), names, np.linspace(0, 1, 5, dtype=np.float32))
    made = {
        "region": [0, 0, 9, 9],
        "layer": "last",
        "variant": "gradcam",
        "unit": "logits",
        "exact": True,
        "classes": 5,
    }
    return RegionScores(**(made | over), rows=rows)


def test_the_table() -> None:
    table = scores()
    assert [row.index for row in table] == [1, 2, 0, 3]
    assert table[0].evidence == 4 and table[0].share == 0.5 and table[0].probability == 0.25
    assert (table[2].evidence, table[2].share) == (-3, 0.5)
    assert math.isnan(table[1].share) and math.isnan(table[3].evidence)
    assert len(table) == 4 and [row.name for row in table[:1]] == ["dog"]
    text = repr(table)
    assert text.splitlines()[0] == "Evidence in the box 0, 0, 9, 9, logits, exact (gradcam at last)"
    assert "dog" in text and "+4.000" in text and "50.0 %" in text and "…" in text
    assert "of 5 classes, those listed" in text
    assert max(map(len, text.splitlines())) < 80


def test_how_sums_are_to_be_taken() -> None:
    assert scores(exact=False).manner == "first order"
    assert scores(unit="relative").manner == "relative"
    assert "outline of 3 points" in repr(scores(region=[[0, 0], [9, 0], [9, 9]]))


def test_the_table_as_a_data_frame() -> None:
    pytest.importorskip("pandas")
    frame = scores().frame()
    assert list(frame.columns) == ["index", "name", "evidence", "share", "probability"]
    assert frame["name"][0] == "dog" and len(frame) == 4
