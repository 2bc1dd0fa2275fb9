"""What is wrong is said: of a map, of a request that failed, of layers that are left out."""

from __future__ import annotations

import pytest

from camwidget.answers import Answer, Done, Failed, Request, Stack, Strip, Told, View
from camwidget.engine import Reason
from camwidget.session import Session
from tests.unit.session.desk import LISTED, Desk, kinds, replies


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
