"""Which pixels strokes and boxes cover, and what is let in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camwidget import edits
from camwidget.protocol import FILLS, MODES

SIZE = (20, 30)


def stroke(points: Any, radius: float = 4, mode: str = "cover", fill: str = "mean") -> dict[str, Any]:
    return {"tool": "stroke", "mode": mode, "fill": fill, "points": points, "radius": radius}


def box(points: Any, mode: str = "cover", fill: str = "mean") -> dict[str, Any]:
    return {"tool": "box", "mode": mode, "fill": fill, "points": points}


def labels(*given: dict[str, Any], size: tuple[int, int] = SIZE) -> Any:
    return edits.labels(edits.read(list(given), size), size)


def near(points: list[tuple[float, float]], radius: float, size: tuple[int, int] = SIZE) -> Any:
    """Pixels within a radius of a line, found slowly: by walking along it."""
    found = np.zeros(size, bool)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        for share in np.linspace(0, 1, 4000):
            x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
            rows, columns = np.ogrid[0.5 : size[0], 0.5 : size[1]]
            found |= (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    return found


@pytest.mark.parametrize(
    "points",
    [[(10, 8)], [(3, 4), (25, 15)], [(3, 4), (3, 17)], [(0, 0), (30, 0)], [(5, 5), (20, 5), (20, 18), (5, 18)]],
)
def test_a_stroke_covers_what_is_near_its_line(points: list[tuple[float, float]]) -> None:
    found, wanted = labels(stroke(points)) > 0, near(points, 4)
    # the walk takes steps: it may miss a pixel that the line just touches
    assert (found != wanted).sum() <= 2 and found.any()


def test_a_box_covers_the_pixels_whose_centres_it_holds() -> None:
    found = labels(box([2, 3, 9, 7]))
    wanted = np.zeros(SIZE, np.uint8)
    wanted[3:7, 2:9] = 1
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(labels(box([9, 7, 2, 3])), wanted)  # from any corner
    np.testing.assert_array_equal(labels(box([2.4, 3.4, 8.6, 6.6])), wanted)
    assert not labels(box([2.6, 3.6, 3.4, 4.4])).any()  # between the centres


def test_strokes_cover_and_uncover_in_their_order() -> None:
    one, two = box([0, 0, 10, 10]), box([5, 0, 15, 10], "uncover")
    assert (labels(one, two) > 0).sum() == 50
    assert (labels(two, one) > 0).sum() == 100
    found = labels(one, box([5, 0, 15, 10], fill="noise"))
    assert [int((found == label).sum()) for label in (0, 1, 2, 3)] == [450, 50, 0, 100]


def test_what_is_outside_of_all_that_is_kept_is_covered() -> None:
    first, second = box([0, 0, 10, 10], "keep", "blur"), box([20, 10, 30, 20], "keep", "noise")
    found = labels(first, second)
    assert (found[:10, :10] == 0).all() and (found[10:, 20:] == 0).all()
    assert (found == 0).sum() == 200
    assert set(np.unique(found)) == {0, 1 + FILLS.index("noise")}
    # also what was kept after it was covered; what is covered stays so
    np.testing.assert_array_equal(labels(box([0, 0, 5, 5]), first), labels(first, box([0, 0, 5, 5])))


def test_nothing_is_covered_by_nothing() -> None:
    assert not labels().any() and edits.read([], SIZE) == ()


def test_what_is_read_is_what_is_given_back() -> None:
    given = [stroke([[1.234, 2.0], [3.0, 4.0]], 2.5), box([1.0, 2.0, 3.0, 4.0], "keep", "blur")]
    read = edits.read(given, SIZE)
    back = edits.plain(read)
    assert back[0]["points"] == [[1.23, 2.0], [3.0, 4.0]] and back[1] == given[1]
    assert edits.read(back, SIZE) == read == edits.read(read, SIZE)
    assert hash(read) == hash(edits.read(back, SIZE))
    back[0]["points"].append([9, 9])
    assert len(edits.plain(read)[0]["points"]) == 2


def test_arrays_and_short_forms_are_taken() -> None:
    (edit,) = edits.read([{"points": np.array([[1.0, 2.0], [3.0, 4.0]]), "radius": np.float32(2)}], SIZE)
    assert (edit.tool, edit.mode, edit.fill, edit.points) == ("stroke", "cover", "mean", ((1.0, 2.0), (3.0, 4.0)))


NUMBERS = st.floats(-100, 100) | st.integers(-(10**30), 10**30) | st.sampled_from([math.nan, math.inf, True, None, "3"])
EDIT = st.fixed_dictionaries(
    {},
    optional={
        "tool": st.sampled_from(["stroke", "box", "lasso", 3]),
        "mode": st.sampled_from([*MODES, ""]),
        "fill": st.sampled_from([*FILLS, None]),
        "points": st.lists(st.lists(NUMBERS, min_size=1, max_size=3) | NUMBERS, max_size=5),
        "radius": NUMBERS,
    },
)


@given(st.lists(EDIT | st.text(max_size=3) | NUMBERS, max_size=4))
@settings(max_examples=300, deadline=None)
def test_whatever_is_given_is_read_or_refused_in_words(given: list[Any]) -> None:
    said = ""
    try:
        read = edits.read(given, SIZE)
    except (TypeError, ValueError) as error:
        read, said = (), str(error)
    assert len(said) < 400
    found = edits.labels(read, SIZE)
    assert found.shape == SIZE and found.max(initial=0) <= len(FILLS)
