"""Colour tables for the browser."""

from __future__ import annotations

import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from camwidget import colormaps, protocol


def table(name: str) -> np.ndarray:
    return np.frombuffer(colormaps.lut(name), np.uint8).reshape(256, 4)


@pytest.mark.parametrize("name", ["viridis", "RdBu_r", "jet", "tab10", "magma_r"])
def test_a_table_holds_matplotlibs_own_colours(name):
    expected = matplotlib.colormaps[name](np.linspace(0, 1, 256), bytes=True)
    assert np.array_equal(table(name), expected)


def test_a_table_is_opaque():
    assert (table("viridis")[:, 3] == 255).all()


def test_viridis_runs_from_dark_violet_to_yellow():
    assert table("viridis")[0].tolist() == [68, 1, 84, 255]
    assert table("viridis")[-1].tolist() == [253, 231, 36, 255]


def test_an_unknown_name_is_an_error_with_the_nearest():
    with pytest.raises(ValueError, match=r"unknown colormap 'viridus'; did you mean 'viridis'\? Accepted: .* more"):
        colormaps.lut("viridus")


def test_a_wrong_case_is_mended_too():
    with pytest.raises(ValueError, match="did you mean 'RdBu_r'"):
        colormaps.lut("rdbu_R")


def test_something_else_than_a_name_is_a_type_error():
    with pytest.raises(TypeError, match=r"Matplotlib name, such as 'viridis'; this is a ListedColormap"):
        colormaps.lut(matplotlib.colormaps["viridis"])


def test_luts_holds_every_map_on_offer():
    assert set(colormaps.luts("viridis")) == {*protocol.COLORMAPS, protocol.SIGNED_COLORMAP, protocol.NEGATIVE_COLORMAP}


def test_luts_holds_the_current_map():
    assert colormaps.luts("jet")["jet"] == colormaps.lut("jet")


def test_luts_are_tables_of_1024_bytes():
    assert {len(value) for value in colormaps.luts("gray").values()} == {1024}


def test_pyplot_stays_out():
    code = (
        "import sys; from camwidget import colormaps; colormaps.luts('jet'); print('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
