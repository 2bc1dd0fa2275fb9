from __future__ import annotations

import pytest

from tests.marks import between


def test_only_what_stands_between_the_marks_goes():
    assert between("a <b> old <e> c <e>", "<b>", "<e>", "new") == "a <b>\nnew<e> c <e>"


@pytest.mark.parametrize("page", ["a", "a <b> c", "a <e> <b> c", "<b> <e> <b> <e>"])
def test_a_page_without_the_two_marks_is_not_rewritten(page: str):
    with pytest.raises(ValueError, match="values to unpack"):
        between(page, "<b>", "<e>", "new")
