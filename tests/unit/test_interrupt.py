"""Ctrl-C between any two lines of ours leaves no lock taken, and nobody waiting for a reader who left."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from camwidget.engine import forks
from camwidget.engine.forks import Lock
from camwidget.mailbox import Readers

PATIENCE = 10


def interrupted(block: AbstractContextManager[object], ours: Callable[[Any], bool], count: int) -> None:
    """Enter and leave a block; Ctrl-C comes at the line of this count in functions that are ``ours``."""
    before, left = sys.gettrace(), count

    def trace(frame: Any, event: str, _value: Any) -> Any:
        nonlocal left
        if event == "line" and ours(frame.f_code):
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        with block:
            pass
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("count", range(1, 7))
def test_no_lock_is_left_taken(count: int) -> None:
    lock, here = Lock(), Path(forks.__file__)
    interrupted(lock, lambda code: Path(code.co_filename) == here, count)
    other = threading.Thread(target=lock.__enter__, daemon=True)
    other.start()
    other.join(PATIENCE)
    assert not other.is_alive()


@pytest.mark.parametrize("count", range(1, 5))
def test_no_reader_is_left_behind(count: int) -> None:
    readers, code = Readers(), Readers.reading.__wrapped__.__code__
    interrupted(readers.reading(), lambda one: one is code, count)
    assert not readers
