"""A widget is built of parts, and has all that they leave to the whole."""

from __future__ import annotations

import pytest

from camwidget import CamGallery, CamWidget


@pytest.mark.parametrize("whole", [CamWidget, CamGallery])
def test_nothing_is_left_abstract(whole: type) -> None:
    parts = {name for part in whole.__mro__ for name, one in vars(part).items() if _abstract(one)}
    assert "_let_go" in parts  # they are declared as Python does
    assert {name for name in parts if _abstract(getattr(whole, name))} == set()


def _abstract(one: object) -> bool:
    # widgets answer for any name, so it is asked in a way that they do not hear
    return "__isabstractmethod__" in getattr(one, "__dict__", {})
