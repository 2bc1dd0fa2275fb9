"""Latest wins, every request is answered, nothing is sent twice, no thread is left."""

from __future__ import annotations

import gc
import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from camwidget import answering
from camwidget.aim import Aim
from camwidget.answers import Answer, Done, Failed, Menu, Nearby, Request, Rescored, Stack, Strip, Sums, Told, View
from camwidget.engine import VARIANTS, Reason
from camwidget.engine.preempt import Stopped, check
from camwidget.engine.stale import StaleRecordingError
from camwidget.mailbox import Mailbox
from camwidget.scene import Scene
from camwidget.session import Session

LISTED = (4, 1, 7)
STAGES = ("first", "last")
PATIENCE = 60  # seconds until a test gives up waiting


class FakeAtlas:
    """Maps that tell their target, made at the test's pace."""

    def __init__(self) -> None:
        self.recording = SimpleNamespace(
            stages=STAGES, rectifiers_above=lambda layer: int(layer == "first"), left_out="", why=self.why
        )
        self.reasons: dict[tuple[int, str], Reason] = {}
        self.asked: list[tuple[int, str, float]] = []
        self.made: list[tuple[str, str, int]] = []
        self.entered = threading.Event()  # somebody waits for a map
        self.free = threading.Event()  # maps may be made
        self.free.set()
        self.stale = False
        self.aim, self.scene = Aim(), Scene()
        self.lock = threading.RLock()
        self.generation = 1
        self.broken: set[str] = set()
        self.at_once = False
        self.classes: int | None = None  # how many the head tells at once
        self.room = False  # for what nobody has asked for
        self.foreseen: list[tuple[int, str]] = []
        self.additive: set[tuple[str, str]] = set()
        self.tried: list[tuple[str, str]] = []

    def why(self, target: int, layer: str, variant: str, *, name: str | None, signed: Any) -> Reason | None:
        self.asked.append((target, layer, float(signed[0, 0])))
        if layer == "baffling":
            raise MemoryError("no room to look for a cause")
        reason = self.reasons.get((target, layer))
        return None if reason is None else Reason(reason.id, f"{name}: {reason.text}", reason.hint)

    def refresh(self) -> bool:
        was, self.stale = self.stale, False
        self.generation += was
        return was

    def map(self, layer: str, variant: str, target: int) -> Any:
        self.entered.set()
        assert self.free.wait(PATIENCE)
        if layer in self.broken:
            raise ValueError(f"no map at {layer}")
        self.made.append((layer, variant, target))
        return np.full((2, 3), target, np.float32)

    def has(self, layer: str, variant: str, target: int) -> bool:
        return False

    def maps(self, layer: str, variant: str, targets: Any, stop: Any = None, progress: Any = None) -> list[Any]:
        check(stop)
        return [self.map(layer, variant, target) for target in targets]

    def whole(self, layer: str, variant: str, stop: Any = None) -> Any:
        check(stop)
        return None if self.classes is None else np.stack([np.full((2, 3), k, np.float32) for k in range(self.classes)])

    def foresee(self, target: int, rule: str, stop: Any = None) -> None:
        self.entered.set()
        while not self.free.wait(0.001):
            check(stop)
        self.foreseen.append((target, rule))

    def adds_up(self, layer: str, variant: str, stop: Any = None) -> bool:
        check(stop)
        self.tried.append((layer, variant))
        return (layer, variant) in self.additive

    def ms(self, layer: str, variant: str, target: int) -> float:
        return 1.5

    def prepare(self, target: int, variant: str, stop: Any = None) -> None:
        pass


class Desk:
    """A session, and what it delivered."""

    def __init__(self) -> None:
        self.atlas = FakeAtlas()
        self.answers: list[Answer] = []
        self.threads: list[threading.Thread] = []
        self.session = Session(self.atlas, LISTED, self.deliver)

    def deliver(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.threads.append(threading.current_thread())

    def ask(self, seq: int | None, target: int = 4, layer: str = "last", variant: str = "gradcam", **more: Any) -> None:
        reply = None if seq is None else ("nonce", seq)
        self.session.ask(Request(View(target, layer, variant), reply, **more))

    def settle(self) -> list[Answer]:
        """Wait until the worker is done; what came since the last call."""
        until(lambda: not workers())
        came, self.answers = self.answers, []
        return came


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "camwidget"]


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def kinds(answers: list[Answer]) -> list[type]:
    return [type(answer) for answer in answers]


def replies(answers: list[Answer]) -> list[int]:
    return [a.reply[1] for a in answers if getattr(a, "reply", None) is not None]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(answering, "FIRST_ANSWER", math.inf)
    desk = Desk()
    yield desk
    desk.atlas.free.set()
    desk.session.close()
    assert not workers()


def test_a_request_is_answered_with_all_listed_classes_and_the_strip(desk: Desk) -> None:
    desk.ask(1, target=1)
    stack, strip = desk.settle()
    assert isinstance(stack, Stack) and isinstance(strip, Strip)
    assert (stack.targets, stack.done, stack.ms, stack.reply) == (LISTED, True, 1.5, ("nonce", 1))
    assert [float(m[0, 0]) for m in stack.maps] == list(LISTED)
    assert [layer for layer, _ in strip.maps] == list(STAGES)
    assert all((m == 1).all() for _, m in strip.maps)


def test_a_class_that_is_not_listed_comes_last(desk: Desk) -> None:
    desk.ask(1, target=9)
    assert desk.settle()[0].targets == (*LISTED, 9)


def test_of_a_burst_only_the_last_is_computed_and_all_are_answered(desk: Desk) -> None:
    desk.atlas.free.clear()
    desk.ask(1, layer="a")
    assert desk.atlas.entered.wait(PATIENCE)
    for seq in range(2, 21):
        desk.ask(seq, layer=f"b{seq}")
    desk.ask(21, layer="z")
    desk.atlas.free.set()
    answers = desk.settle()
    assert {layer for layer, _, _ in desk.atlas.made} <= {"a", "z", *STAGES}
    assert [m for m in desk.atlas.made if m[0] == "a"] == [("a", "gradcam", 4)]  # not its other classes
    assert sorted(replies(answers)) == list(range(1, 22))
    stacks = [a for a in answers if isinstance(a, Stack)]
    assert [(s.view.layer, s.done) for s in stacks] == [("z", True)]
    assert all(isinstance(a, Done) for a in answers if getattr(a, "reply", (0, 21))[1] < 21)


def test_requests_of_python_want_no_reply(desk: Desk) -> None:
    desk.atlas.free.clear()
    desk.ask(None, layer="a")
    desk.atlas.entered.wait(PATIENCE)
    desk.ask(None, layer="b")
    desk.ask(None, layer="c")
    desk.atlas.free.set()
    answers = desk.settle()
    assert kinds(answers) == [Stack, Strip]
    assert answers[0].view.layer == "c" and answers[0].reply is None


def test_the_selected_class_goes_ahead_where_the_rest_is_slow(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "FIRST_ANSWER", -1)
    desk.ask(1, target=7)
    part, whole, strip = desk.settle()
    assert (part.targets, part.done, part.reply) == ((7,), False, ("nonce", 1))
    assert (whole.targets, whole.done) == (LISTED, True)
    assert isinstance(strip, Strip)


def test_a_request_is_answered_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "FIRST_ANSWER", -1)
    desk.atlas.classes = 10
    desk.ask(1, target=7)
    answers = desk.settle()
    assert len([a for a in answers if isinstance(a, Stack)]) == 3
    assert replies(answers) == [1]
    desk.atlas.broken = {"first"}  # the strip fails after the answer
    desk.ask(2, target=4)
    answers = desk.settle()
    assert kinds(answers) == [Done, Failed] and replies(answers) == [2]


def test_what_adds_up_is_told_once_to_who_looks(desk: Desk) -> None:
    desk.atlas.additive = {("last", "gradcam")}
    desk.ask(None)
    assert Sums not in kinds(desk.settle()) and desk.atlas.tried == []  # no page shows it
    desk.ask(1, target=7)
    desk.ask(2, layer="first")
    desk.ask(3, target=1)
    told = [a for a in desk.settle() if isinstance(a, Sums)]
    desk.ask(4, target=4)
    told += [a for a in desk.settle() if isinstance(a, Sums)]
    assert [(a.view.layer, a.view.variant) for a in told] == [("last", "gradcam")]


def test_idle_time_is_used_for_what_a_page_shows(desk: Desk) -> None:
    desk.atlas.room = True
    desk.session.answer_now(Request(View(1, "last", "gradcam")))
    desk.ask(None, layer="first")
    desk.settle()
    assert desk.atlas.foreseen == []
    desk.session.in_sight(Request(View(1, "first", "gradcam")))
    desk.settle()
    assert desk.atlas.foreseen
    made = len(desk.atlas.foreseen)
    desk.session.in_sight(Request(View(1, "first", "gradcam")))
    desk.settle()
    assert len(desk.atlas.foreseen) == made


def test_what_was_cut_short_is_sent_whole_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "FIRST_ANSWER", -1)
    deliver = desk.deliver

    def interrupted(answer: Answer) -> None:
        deliver(answer)
        if isinstance(answer, Stack) and replies([answer]) == [1]:
            desk.ask(2, layer="other")  # arrives between the part and the whole

    desk.session = Session(desk.atlas, LISTED, interrupted)
    desk.ask(1)
    answers = desk.settle()
    assert [(s.view.layer, s.done) for s in answers if isinstance(s, Stack)] == [
        ("last", False), ("other", False), ("other", True),
    ]  # fmt: skip
    desk.ask(3)
    assert [a.done for a in desk.settle() if isinstance(a, Stack)] == [False, True]


def test_nothing_is_sent_twice(desk: Desk) -> None:
    desk.ask(1, target=4)
    desk.settle()
    made = len(desk.atlas.made)
    desk.ask(2, target=4)
    assert desk.settle() == [Done(("nonce", 2))]
    assert len(desk.atlas.made) == made
    desk.ask(3, target=7)  # in the browser's stack; its strip is not
    assert kinds(desk.settle()) == [Done, Strip]
    desk.ask(None, target=7)
    assert desk.settle() == []
    desk.ask(4, target=7, layer="first")
    assert kinds(desk.settle()) == [Stack]
    desk.ask(5, target=7, layer="first", variant="layercam")
    assert kinds(desk.settle()) == [Stack, Strip]
    desk.ask(6, target=5, layer="first", variant="layercam")  # was not listed
    assert kinds(desk.settle()) == [Stack, Strip]
    desk.ask(7, target=5, layer="first", variant="layercam")
    assert kinds(desk.settle()) == [Done]


def test_the_menu_holds_every_variant(desk: Desk) -> None:
    desk.ask(1)
    desk.settle()
    desk.ask(2, want="variants")
    done, menu = desk.settle()
    assert (done, type(menu)) == (Done(("nonce", 2)), Menu)
    assert [variant for variant, _ in menu.maps] == [v.id for v in VARIANTS.values() if not v.slow]


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


def test_a_changed_model_is_said_first_and_all_is_sent_again(desk: Desk) -> None:
    desk.ask(1)
    desk.settle()
    desk.atlas.stale = True
    desk.ask(2)
    answers = desk.settle()
    assert kinds(answers) == [Rescored, Stack, Strip]
    assert answers[0].recording is desk.atlas.recording


def test_a_changed_model_is_said_also_where_a_newer_request_waits(desk: Desk) -> None:
    desk.ask(1)
    desk.settle()
    refresh = desk.atlas.refresh

    def meanwhile() -> bool:
        desk.atlas.refresh = refresh
        desk.ask(3, layer="first")  # comes in while the model is recorded again
        return refresh()

    desk.atlas.refresh, desk.atlas.stale = meanwhile, True
    desk.ask(2)
    answers = desk.settle()
    assert kinds(answers)[0] is Rescored
    assert sorted(replies(answers)) == [2, 3]


def test_errors_are_answered_and_the_next_request_works(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.atlas.broken = {"broken"}
    desk.ask(1, layer="broken")
    (failed,) = desk.settle()
    assert isinstance(failed, Failed)
    assert (failed.reply, failed.text) == (("nonce", 1), "ValueError: no map at broken")
    assert failed.hint
    assert "no map at broken" in caplog.text
    desk.ask(2)
    assert kinds(desk.settle()) == [Stack, Strip]
    desk.ask(None, layer="broken")
    assert kinds(desk.settle()) == [Failed]


def test_an_error_after_the_answer_is_said_too(desk: Desk) -> None:
    desk.atlas.broken = {"first"}  # a stage: the stack is right, the strip cannot be made
    desk.ask(1)
    stack, failed = desk.settle()
    assert isinstance(stack, Stack) and isinstance(failed, Failed)


def test_an_answer_that_cannot_be_delivered_ends_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    deliver = desk.deliver

    def closed(answer: Answer) -> None:
        if replies([answer]) == [1]:
            raise ConnectionError("comm is closed")
        deliver(answer)

    desk.session = Session(desk.atlas, LISTED, closed)
    desk.ask(1)
    desk.settle()
    assert "comm is closed" in caplog.text
    desk.ask(2, layer="first")
    assert kinds(desk.settle()) == [Stack]


def test_rules_without_a_rectifier_are_noted(desk: Desk) -> None:
    desk.ask(1, variant="guided_relu")
    assert "No rectifier between last and the scores: Guided ReLU is plain Grad-CAM" in desk.settle()[0].note
    desk.ask(2, layer="first", variant="guided_relu")
    assert desk.settle()[0].note is None
    desk.ask(3)
    assert desk.settle()[0].note is None


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


def test_the_maps_of_all_classes_follow_once(desk: Desk) -> None:
    desk.atlas.classes = 10
    desk.ask(1)
    listed, strip, whole = desk.settle()
    assert (listed.targets, type(strip)) == (LISTED, Strip)
    assert (whole.targets, whole.maps.shape, whole.done, whole.reply) == (None, (10, 2, 3), True, None)
    desk.ask(2, target=9)  # not listed, and there all the same
    assert kinds(desk.settle()) == [Done, Strip]
    desk.ask(3, layer="first", target=9)
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [(*LISTED, 9), None]
    desk.ask(4, whole=True, target=9)  # back at the last layer: the browser has kept them
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [(*LISTED, 9)]
    desk.ask(5, target=9)  # another page, that has not
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [None]
    desk.ask(None, layer="first", target=9)  # Python goes to and fro
    desk.settle()
    desk.ask(None, target=9)
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [(*LISTED, 9)]


def test_a_changed_model_has_other_maps_of_all_classes(desk: Desk) -> None:
    desk.atlas.classes = 10
    desk.ask(None)
    desk.settle()
    desk.atlas.stale = True
    desk.ask(None)
    assert [a.targets for a in desk.settle() if isinstance(a, Stack)] == [LISTED, None]


def test_few_classes_are_listed_anyway(desk: Desk) -> None:
    desk.atlas.classes = 3
    desk.ask(1)
    assert kinds(desk.settle()) == [Stack, Strip]


def test_idle_time_makes_the_selected_class_and_rule_ready_first(desk: Desk) -> None:
    desk.atlas.room = True
    desk.ask(1, target=7, variant="deconv_relu")
    answers = desk.settle()
    assert desk.atlas.foreseen == [(t, rule) for rule in ("deconv", "standard", "guided") for t in (7, 4, 1)]
    assert kinds(answers) == [Stack, Strip, Nearby]
    nearby = {view: float(map_[0, 0]) for view, map_ in answers[-1].maps}
    assert nearby == {View(7, "first", "deconv_relu"): 7}
    desk.ask(2, target=7, variant="deconv_relu")
    assert kinds(desk.settle()) == [Done]
    desk.ask(3, target=7)
    assert {view for view, _ in desk.settle()[-1].maps} == {
        View(7, "first", "gradcam"),
        *(View(7, "last", v.id) for v in VARIANTS.values() if v.rule == "standard" and v.ahead),
    } - {View(7, "last", "gradcam")}  # fmt: skip


def test_a_click_ends_what_is_made_ahead(desk: Desk) -> None:
    desk.ask(1)
    desk.settle()
    desk.atlas.room = True
    desk.atlas.free.clear()
    desk.ask(2)
    assert desk.atlas.entered.wait(PATIENCE)
    until(lambda: replies(desk.answers) == [2])
    desk.atlas.free.set()
    desk.ask(3, layer="first")
    assert replies(desk.settle()) == [2, 3]


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


def test_faults_of_what_nobody_asked_for_are_no_answer(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def fails(*_args: Any) -> None:
        raise ValueError("not foreseen")

    desk.atlas.room, desk.atlas.foresee = True, fails
    desk.ask(1)
    assert kinds(desk.settle()) == [Stack, Strip]
    assert "not foreseen" in caplog.text


def test_a_model_in_training_is_let_alone_by_what_nobody_asked_for(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def stale(*_args: object) -> None:
        desk.atlas.stale = True
        raise StaleRecordingError

    desk.atlas.whole = stale
    desk.ask(4)
    assert kinds(desk.settle()) == [Stack, Strip]
    desk.atlas.prepare = stale  # nor is the strip, which comes with the map, worth an error
    desk.ask(1)
    came = desk.settle()
    assert set(kinds(came)) == {Rescored, Stack} and not caplog.records
    assert came[-1].generation == desk.atlas.generation


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


def test_what_is_made_ahead_ends_in_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "AHEAD", -1)
    desk.atlas.room = True
    desk.ask(1)
    assert kinds(desk.settle()) == [Stack, Strip]
    assert desk.atlas.foreseen == []


def test_a_session_that_nobody_holds_goes_away() -> None:
    desk = Desk()
    desk.ask(1)
    desk.settle()
    session, atlas = weakref.ref(desk.session), weakref.ref(desk.atlas)
    assert desk.session._finalizer.atexit  # so that no thread is inside torch when Python ends
    del desk
    gc.collect()
    assert session() is None and atlas() is None


def test_layers_that_are_left_out_are_noted(desk: Desk) -> None:
    desk.atlas.recording.left_out = "Too large to be recorded whole"
    desk.ask(1)
    assert desk.settle()[0].note == "Too large to be recorded whole"


BLANK = Reason("all-negative", "all negative", "Show signed.")


def test_what_is_wrong_with_a_map_is_told_with_it_and_taken_back_with_the_next(desk: Desk) -> None:
    desk.atlas.reasons[1, "last"] = BLANK
    desk.session.ask(Request(View(4, "last", "gradcam"), ("nonce", 1)))
    assert not [a for a in desk.settle() if isinstance(a, Told)]
    # in the stack that was sent: only the sentence is missing, and comes before the answer that ends the waiting
    desk.session.ask(Request(View(1, "last", "gradcam"), ("nonce", 2)))
    told, done = [a for a in desk.settle() if isinstance(a, (Told, Done))]
    assert told == Told(View(1, "last", "gradcam"), 1, Reason("all-negative", "None: all negative", "Show signed."))
    assert done == Done(("nonce", 2))
    desk.session.ask(Request(View(1, "last", "gradcam"), ("nonce", 3)))
    assert desk.settle() == [Done(("nonce", 3))]
    # nobody waits where Python asks: it is told all the same
    desk.session.ask(Request(View(7, "last", "gradcam")))
    assert [a for a in desk.settle() if isinstance(a, Told)] == [Told(View(7, "last", "gradcam"), 1, None)]
    # each was asked about the map that was sent
    assert {(target, value) for target, _, value in desk.atlas.asked} == {(4, 4.0), (1, 1.0), (7, 7.0)}


def test_a_cause_that_cannot_be_found_leaves_the_map(desk: Desk) -> None:
    desk.session.ask(Request(View(4, "baffling", "gradcam"), ("nonce", 1)))
    kinds = [type(a) for a in desk.settle()]
    assert Stack in kinds and Failed not in kinds and Told not in kinds


def test_sentences_have_the_names_of_classes(desk: Desk) -> None:
    desk.atlas.reasons[1, "last"] = BLANK
    delivered: list[Answer] = []
    session = Session(desk.atlas, LISTED, delivered.append, ["zero", "one"])
    session.answer_now(Request(View(1, "last", "gradcam")))
    told = [a for a in delivered if isinstance(a, Told)]
    assert told and told[0].reason is not None and told[0].reason.text == "one: all negative"
    session.close()


def served(session: Session) -> bool:
    """Whether ``serve`` returns, however long it takes."""
    waiting = threading.Thread(target=session.serve, daemon=True)
    waiting.start()
    waiting.join(PATIENCE)
    return not waiting.is_alive()


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
