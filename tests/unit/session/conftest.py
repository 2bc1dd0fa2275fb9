"""A session that leaves no thread behind."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from camwidget import answering
from tests.unit.session.desk import Desk, workers


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(answering, "FIRST_ANSWER", math.inf)
    desk = Desk()
    yield desk
    desk.atlas.free.set()
    desk.session.close()
    assert not workers()
