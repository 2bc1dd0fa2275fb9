"""Ten thousand messages that no front end would send, over widgets of every kind: ``make fuzz``.

Half of them are made of the protocol's own names with values that it does not have, half are messages that the front
end really sent, spoilt at random. Nothing is raised, neither here nor unseen; whoever can be answered is answered;
after each batch a right request has the right map, and the picture is there; nothing grows.
"""

from __future__ import annotations

import gc
import json
import logging
import random
import reprlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz import mutation, subjects
from tests.fuzz.conftest import Plan
from tests.fuzz.gallery_wire import GalleryWire
from tests.fuzz.wire import Comm, Faults, Wire

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text())

KINDS = (*subjects.KINDS, subjects.GALLERY)
BATCH = 10
BURST = 3
"""So many messages come at once, at most, before an answer is waited for."""

MOST_BLOCKS = 6.0
"""Objects of the interpreter that a message may leave behind; a request alone has more. Maps that are kept come and go,
so the fewest are compared that there were in two halves of the second half: what stays raises these, too.
"""
MOST_RSS = 24.0
"""MiB that the process may grow by in all: the allocator keeps what large messages took."""
TOLD = 2000
SHORT = reprlib.Repr()
"""How a batch that failed is told."""
SHORT.maxlevel, SHORT.maxstring, SHORT.maxother, SHORT.maxdict, SHORT.maxlist = 8, 40, 40, 16, 6
NOTED = 5
"""Batches between two looks at what there is."""
ENOUGH = 12
"""Looks that a line needs."""


class Growth:
    """Memory and threads after each batch."""

    def __init__(self) -> None:
        self.threads = threading.active_count()
        self.blocks: list[int] = []
        self.rss: list[float] = []

    def note(self, batch: int) -> None:
        if batch % NOTED:
            return
        gc.collect()
        self.blocks.append(sys.getallocatedblocks())
        self.rss.append(psutil.Process().memory_info().rss / 2**20)

    def check(self) -> str:
        """What was found, in words."""
        assert threading.active_count() <= self.threads, [thread.name for thread in threading.enumerate()]
        warm = len(self.blocks) // 2
        if len(self.blocks) < ENOUGH:
            return "too few messages to tell of memory"
        middle = (warm + len(self.blocks)) // 2
        between = (len(self.blocks) - warm) / 2 * BATCH * NOTED
        rise = (min(self.blocks[middle:]) - min(self.blocks[warm:middle])) / between
        more = self.rss[-1] - self.rss[warm]
        assert rise < MOST_BLOCKS, f"{rise:+.2f} objects a message: {self.blocks}"
        assert more < MOST_RSS, f"{more:+.1f} MiB: {self.rss}"
        return f"{rise:+.3f} objects a message, RSS {self.rss[warm]:.0f} to {self.rss[-1]:.0f} MiB"


@pytest.fixture
def faults() -> Iterator[Faults]:
    """What is caught at the last gate is a fault: a check is missing before it. Refusals are none."""
    faults, hook = Faults(), threading.excepthook
    logs = [logging.getLogger(name) for name in ("camwidget", "traitlets")]
    threading.excepthook = faults.raised
    for log in logs:
        log.addHandler(faults)
        log.propagate = False  # thousands of refusals would be kept for the report
    yield faults
    for log in logs:
        log.removeHandler(faults)
        log.propagate = True
    threading.excepthook = hook


@pytest.fixture(params=KINDS)
def wire(request: pytest.FixtureRequest, faults: Faults) -> Iterator[Comm]:
    subject = subjects.make(request.param)
    with subject.widget:
        yield GalleryWire(subject) if request.param == subjects.GALLERY else Wire(subject)


def send(wire: Comm, faults: Faults, messages: list[Any], draw: random.Random) -> None:
    """A batch, a few at a time; then what must hold."""
    waiting = [*messages]
    try:
        while waiting:
            now, waiting = waiting[: (count := draw.randint(1, BURST))], waiting[count:]
            for data in now:
                wire.deliver(data)
            wire.settle()
            assert faults.seen == []
        wire.check(draw)
        assert faults.seen == []
    except AssertionError as error:
        told = "\n".join(SHORT.repr(message) for message in messages)
        raise AssertionError(f"{str(error)[:TOLD]}\nafter\n{told}") from None


def words(wire: Comm) -> str:
    return f"{wire.count} answers, slowest message {wire.slowest:.2f} s"


def batches(plan: Plan) -> int:
    """Of each half of the messages to each kind of widget."""
    return max(1, plan.messages // (2 * BATCH * len(KINDS)))


def test_messages_that_were_sent_and_then_spoilt(wire: Comm, faults: Faults, plan: Plan) -> None:
    draw = random.Random(f"{plan.seed} {wire.subject.name}")
    recorded, growth = RECORDED[wire.subject.name], Growth()
    for batch in range(batches(plan)):
        send(wire, faults, [mutation.spoilt(recorded, draw) for _ in range(BATCH)], draw)
        growth.note(batch)
    found = growth.check()
    print(f"\n{wire.subject.name}: {batches(plan) * BATCH} spoilt messages, {found}; {words(wire)}")


def test_values_that_the_protocol_does_not_have(wire: Comm, faults: Faults, plan: Plan) -> None:
    messages = wire.messages()
    sent = 0
    # a widget that is used on is no place to shrink an example in: the batch is told as it was
    how = settings(
        max_examples=batches(plan), deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip

    @seed(plan.seed)
    @how
    @given(st.lists(messages, min_size=BATCH, max_size=BATCH), st.integers(0, 2**32))
    def run(batch: list[Any], number: int) -> None:
        nonlocal sent
        sent += len(batch)
        send(wire, faults, batch, random.Random(number))

    run()
    print(f"\n{wire.subject.name}: {sent} made-up messages, {words(wire)}")  # memory: hypothesis itself remembers them
