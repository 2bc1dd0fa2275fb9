"""Latest wins, every request is answered, nothing is sent twice."""

from __future__ import annotations

import pytest

from camwidget import answering
from camwidget.answers import Answer, Done, Failed, Menu, Rescored, Stack, Strip
from camwidget.engine import VARIANTS
from camwidget.session import Session
from tests.unit.session.desk import LISTED, PATIENCE, STAGES, Desk, kinds, replies


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
