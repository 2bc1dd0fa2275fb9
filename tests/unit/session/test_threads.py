"""One worker at a time, none that is left; whoever waits is let in, and nobody waits in vain."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import Any

import pytest

from camwidget import answering
from camwidget.answers import Answer, Done, Request, Stack, Strip, View
from camwidget.engine.preempt import Stopped, check
from camwidget.mailbox import Mailbox
from camwidget.session import Session
from tests.unit.session.desk import LISTED, PATIENCE, Desk, replies, served, until, workers


def test_a_click_ends_the_making_of_the_menu(desk: Desk) -> None:
    desk.ask(1)
    desk.settle()
    desk.atlas.free.clear()
    desk.atlas.entered.clear()
    desk.ask(2, want="variants")
    assert desk.atlas.entered.wait(PATIENCE)
    desk.ask(3, target=7)
    desk.atlas.made.clear()
    desk.atlas.free.set()
    assert sorted(replies(desk.settle())) == [2, 3]
    assert len({variant for _, variant, target in desk.atlas.made if target == 4}) <= 2


def test_answer_now_answers_on_this_thread_and_the_rest_on_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "FIRST_ANSWER", -1)
    desk.session.answer_now(Request(View(1, "last", "gradcam")))
    assert desk.threads[0] is threading.current_thread()
    assert desk.answers[0].targets == (1,)
    answers = desk.settle()
    assert [a.done for a in answers if isinstance(a, Stack)][-1] is True
    assert isinstance(answers[-1], Strip)
    assert threading.current_thread() not in desk.threads[1:]


def test_answer_now_raises(desk: Desk) -> None:
    desk.atlas.broken = {"last"}
    with pytest.raises(ValueError, match="no map at last"):
        desk.session.answer_now(Request(View(1, "last", "gradcam")))
    assert desk.settle() == []


def test_close_waits_for_the_map_at_hand_and_no_more(desk: Desk) -> None:
    desk.atlas.free.clear()
    desk.ask(1)
    desk.atlas.entered.wait(PATIENCE)
    (worker,) = workers()
    waits = desk.session._mailbox

    def let_go() -> None:
        until(lambda: waits.closed)
        desk.atlas.free.set()

    threading.Thread(target=let_go).start()
    desk.session.close()
    assert not worker.is_alive()
    assert desk.atlas.made == [("last", "gradcam", 4)]
    assert replies(desk.answers) == [1]
    desk.session.close()


def test_after_close_requests_are_answered_with_nothing(desk: Desk) -> None:
    desk.session.close()
    desk.ask(1)
    desk.ask(None)
    assert desk.settle() == [Done(("nonce", 1))]
    assert desk.atlas.made == []


def test_close_from_the_workers_own_thread(desk: Desk) -> None:
    ended: list[Any] = []
    desk.session = Session(desk.atlas, LISTED, lambda answer: ended.append(desk.session.close()))
    desk.ask(1)
    desk.settle()
    assert ended == [None]  # a thread that waits for itself is told so by an exception


def test_no_thread_waits_for_work(desk: Desk) -> None:
    assert not workers()
    for seq in range(5):
        desk.ask(seq, layer=f"layer{seq}")
        desk.settle()
        assert not workers()


def test_one_worker_at_a_time_however_many_ask(desk: Desk) -> None:
    most = []
    desk.session = Session(desk.atlas, LISTED, lambda answer: (desk.deliver(answer), most.append(len(workers()))))

    def many(start: int) -> None:
        for seq in range(start, start + 50):
            desk.ask(seq, layer=f"layer{seq % 7}")

    threads = [threading.Thread(target=many, args=(1000 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers = desk.settle()
    assert {seq for i in range(4) for seq in range(1000 * i, 1000 * i + 50)} == set(replies(answers))
    assert max(most) == 1


def test_a_reader_is_let_in_and_the_work_goes_on(desk: Desk) -> None:
    desk.ask(1)
    desk.settle()
    desk.atlas.room, tries, gave_way = True, [], threading.Event()

    def foresee(target: int, rule: str, stop: Any) -> None:
        tries.append((target, rule))
        while len(tries) == 1:  # the first gives way only because of the reader
            try:
                check(stop)
            except Stopped:
                gave_way.set()
                raise
            desk.atlas.entered.set()
            time.sleep(0.001)

    desk.atlas.foresee = foresee
    desk.atlas.entered.clear()
    desk.ask(2)
    assert desk.atlas.entered.wait(PATIENCE)
    desk.atlas.free.clear()
    reader = threading.Thread(target=desk.session.map, args=(View(1, "first", "gradcam"),))
    reader.start()
    assert gave_way.wait(PATIENCE)
    time.sleep(0.01)  # a worker that did not wait for the reader would try again
    assert len(tries) == 1
    desk.atlas.free.set()
    reader.join()
    desk.settle()
    assert tries[:2] == [(4, "standard")] * 2 and len(tries) == 10


def test_a_mailbox_may_be_shut_by_the_garbage_collector_while_it_is_in_use() -> None:
    mailbox = Mailbox()

    class Owner:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            mailbox.shut(0)

    class Collecting:
        """A lock under which the garbage collector passes."""

        def __init__(self, lock: Any) -> None:
            self.lock = lock

        def __enter__(self) -> None:
            self.lock.__enter__()
            gc.collect()

        def __exit__(self, *error: object) -> None:
            self.lock.__exit__(*error)

    Owner()
    mailbox._lock = Collecting(mailbox._lock)
    worker = threading.Thread(target=mailbox.take, daemon=True)
    worker.start()
    worker.join(PATIENCE)
    assert not worker.is_alive() and mailbox.closed


def test_a_session_that_nobody_holds_goes_away() -> None:
    desk = Desk()
    desk.ask(1)
    desk.settle()
    session, atlas = weakref.ref(desk.session), weakref.ref(desk.atlas)
    assert desk.session._finalizer.atexit  # so that no thread is inside torch when Python ends
    del desk
    gc.collect()
    assert session() is None and atlas() is None


def test_nobody_waits_for_a_worker_that_is_gone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda args: None)

    def ends(answer: Answer) -> None:
        raise SystemExit

    desk.session = Session(desk.atlas, LISTED, ends)
    desk.ask(1)
    until(lambda: not workers())
    assert served(desk.session)


def test_nobody_waits_where_the_system_has_no_thread_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError, match="new thread"):
            desk.ask(1)
    assert served(desk.session)
    desk.ask(2)
    assert replies(desk.settle()) == [2]  # whoever asked first was told by the exception


def test_the_worker_does_not_wait_for_itself(desk: Desk) -> None:
    desk.session = Session(desk.atlas, LISTED, lambda answer: (desk.session.serve(), desk.deliver(answer)))
    desk.ask(1)
    assert replies(desk.settle()) == [1]
