"""What was freed goes back to the system: seldom, and only where something was recorded since."""

from __future__ import annotations

import os
import platform
import sys
import threading
from pathlib import Path

import pytest

from camwidget import freed
from camwidget.freed import REST, SHARE, Freed


class Clock:
    """A time that only tests let pass, and how often memory was handed over."""

    def __init__(self) -> None:
        self.now, self.takes, self.times = 1000.0, 0.0, 0

    def monotonic(self) -> float:
        return self.now

    def trim(self) -> None:
        self.times += 1
        self.now += self.takes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(freed, "time", clock)
    return clock


def test_again_only_after_something_was_recorded_and_a_rest(clock: Clock) -> None:
    memory = Freed(clock.trim)
    for generation, passes, times in ((1, 0, 1), (1, 2 * REST, 1), (2, 0, 2), (3, REST / 2, 2), (3, REST, 3)):
        clock.now += passes
        memory.hand_over(generation)
        assert clock.times == times


def test_where_it_takes_long_it_is_done_seldom(clock: Clock) -> None:
    memory = Freed(clock.trim)
    clock.takes = 2.0
    memory.hand_over(1)
    clock.now += 0.9 * clock.takes / SHARE
    memory.hand_over(2)
    assert clock.times == 1
    clock.now += 0.2 * clock.takes / SHARE
    memory.hand_over(2)
    assert clock.times == 2


@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_what_another_thread_has_left_goes_back() -> None:
    """Between what is kept there are holes, which glibc does not give back by itself."""
    pieces: list[bytearray] = []
    thread = threading.Thread(target=lambda: pieces.extend(bytearray(60_000) for _ in range(2000)))
    thread.start()
    thread.join()
    del pieces[:-1]
    before = resident()
    Freed().hand_over(1)
    assert before - resident() > 60e6


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
