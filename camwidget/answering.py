"""From a request to its answers: what was sent is not sent again, what is asked for first comes first. Knows no thread
of its own and no widget.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from . import contrasting, foresight, matrix, remarks, unfolding
from .answers import (
    Answer,
    Contrasted,
    Done,
    Failed,
    Menu,
    Nearby,
    Request,
    Rescored,
    Row,
    Screened,
    Served,
    Stack,
    Strip,
    Sums,
    Tested,
    Told,
    Unfolded,
    View,
    Working,
)
from .atlas import Atlas, Map
from .engine import VARIANTS
from .engine.preempt import Stop, Stopped
from .engine.stale import StaleRecordingError
from .following import Follower, Following
from .mailbox import Mailbox, Readers
from .screening import Screening
from .sent import Sent, place_of
from .trials import Trials

log = logging.getLogger("camwidget")

T = TypeVar("T")

TRIES = 5
"""How often a model that changes while it is asked is recorded again before we give up."""

FIRST_ANSWER = 0.002
"""Seconds: if the listed classes may take longer than this, the selected one is sent ahead of them."""

TOGETHER = 0.03
"""Seconds: if they may take longer than this, they are made one by one, so that a newer request ends it sooner."""

COMPANY = 2**18
"""Cells: the map of a class at a finer layer comes without those of the others, which would be tens of megabytes."""

BETWEEN = 0.2
"""Seconds between two words about how far a slow map is."""

AHEAD = 10.0
"""Seconds that are spent at most after a request on what may be asked next."""


class Answering(Sent):
    """What the browser has been sent, and what it is sent next.

    Args:
        atlas: where maps come from.
        listed: the classes that come along in every stack.
        names: of the classes, for sentences about them.
        mailbox: a newer request in it ends the work on this one. readers: threads that want a map at once.
        deliver, follower, probability: see ``Session``.
    """

    def __init__(
        self,
        atlas: Atlas,
        listed: Sequence[int],
        names: Sequence[str],
        mailbox: Mailbox[Request],
        readers: Readers,
        deliver: Callable[[Answer], None],
        follower: Follower | None = None,
        probability: str | None = None,
    ) -> None:
        super().__init__(atlas)
        self._screening = follower if isinstance(follower, Screening) else None
        self.trials = Trials(atlas, probability)
        self.following = Following(atlas, follower)
        self.listed: Sequence[int] = listed
        self.in_sight = False
        """A page shows it: idle time is used for what may be asked next."""
        self._names, self._mailbox, self._readers, self._deliver = names, mailbox, readers, deliver

    def send(self, answer: Answer) -> None:
        """Deliver an answer, unless the model or what is explained has changed since it was made."""
        if not isinstance(answer, (Rescored, Screened, Done, Failed)) and answer.generation != self.atlas.generation:
            # made from a model that has changed since, while another thread recorded it again
            reply = getattr(answer, "reply", None)
            if reply is None:
                return
            answer = Done(reply)
        try:
            self._deliver(answer)
        except Exception:  # a user's observer must not end the worker, nor a widget that was closed meanwhile
            if not self._mailbox.closed:
                log.exception("could not deliver %s", type(answer).__name__)
        else:
            self.remember(answer)

    def steady(self, request: Request) -> Iterator[Answer | Served]:
        """The answers, begun anew where the model changes meanwhile: it may be in training at this moment."""
        for attempt in range(TRIES):
            try:
                request, anew = self.looked(request, self._mailbox.newer)
                if anew:
                    yield Rescored(self.atlas.recording)
                yield from self._answers(request)
                return
            except StaleRecordingError:
                if attempt < TRIES - 1:
                    continue
                if request.want is not None or not self._holds(request.view):
                    raise
                # the map itself was sent, and nobody asked for the rest

    def _answers(self, request: Request) -> Iterator[Answer | Served]:
        held = self._holds(request.view)
        if held:
            yield from self.news(request.view, self.sent_stack)
        else:
            for answer in self._stacks(request):
                yield answer
                if isinstance(answer, Stack):
                    yield from self.news(request.view, answer)
        if request.contrast is not None:
            # before the reply, so that a slider that is dragged waits for what it asked for
            yield from self._contrast(request, request.contrast)
        if held and request.reply is not None:
            yield Done(request.reply)
        try:
            if request.want == "inside" and VARIANTS[request.view.variant].weights != "none":
                yield self._unfolded(request.view)
            if not (self._holds_strip(request.view) or VARIANTS[request.view.variant].slow):
                yield self._strip(request.view)
            if request.want == "variants":
                yield self._menu(request.view)
            if request.rows is not None:
                yield from self._matrix(request.view, request.rows)
            if request.tests:
                yield from self._tested(request.view)
            yield from self._unasked(request)
        except Stopped:  # by a newer request; what was made is kept
            return

    def _unasked(self, request: Request) -> Iterator[Answer | Served]:
        """What nobody waits for: its faults are no answer to anything that was asked."""
        try:
            if self._wants_whole(request):
                yield from self._whole(request.view)
            self.in_sight = self.in_sight or request.reply is not None
            if self._screening is not None or not self.in_sight:  # a film goes on for long
                yield Served()
            # what nobody looks at must not slow a cell that runs meanwhile
            if self.in_sight:
                yield from self._screened(lambda film: film.predict(self._unwanted))
                yield from self._sums(request.view)
                yield from self._ahead(request.view)
                yield from self._screened(lambda film: film.look_warm(request.view.variant, self._unwanted))
        except Stopped:
            raise
        except StaleRecordingError:  # in training: not our place to record at each of its steps
            return
        except Exception:
            log.exception("ahead of %s", request.view)

    def looked(self, request: Request, stop: Stop | None = None) -> tuple[Request, bool]:
        """Look at the scene of a request, with the model as it is now. Returns the request with the view of that scene,
        and whether anything is new.

        Raises: as ``Following.go``.
        """
        with self.atlas.lock:
            view, looked = self.following.go(request, stop)
            if looked:
                self._forget()
            anew = self.refreshed() or looked
            return replace(request, view=view, known=self.atlas.generation), anew

    def refreshed(self) -> bool:
        """Whether the model was recorded again because it has changed: nothing that was sent holds any more."""
        if not self.atlas.refresh():
            return False
        self._forget()
        return True

    def _stacks(self, request: Request) -> Iterator[Stack | Working]:
        view, generation = request.view, self.atlas.generation
        variant = VARIANTS[view.variant]
        if variant.slow and not self.atlas.has(view.layer, view.variant, view.target):
            # answered at once, so that the browser may change its mind meanwhile
            yield Working(view, generation, 0, 0, request.reply)
            self._undisturbed(partial(self._make_slowly, view))
        maps = {view.target: self.atlas.map(view.layer, view.variant, view.target)}
        ms = self.atlas.ms(view.layer, view.variant, view.target)
        note = remarks.of_layer(self.atlas, view)
        part = Stack(view, generation, (view.target,), np.stack(list(maps.values())), False, ms, note, request.reply)
        alone = variant.alone or part.maps.size > COMPANY
        others = [] if alone else [t for t in self.listed if t != view.target]
        missing = sum(not self.atlas.has(view.layer, view.variant, t) for t in others)
        seconds = missing * ms / 1e3
        if missing and seconds > FIRST_ANSWER:
            yield part
        together = self.atlas.at_once or seconds < TOGETHER
        for group in [others] if together else [[target] for target in others]:
            try:
                made = self.atlas.maps(view.layer, view.variant, group, self._mailbox.newer)
            except Stopped:
                break
            maps.update(zip(group, made, strict=True))
        targets = tuple(sorted(maps, key=self._rank))
        whole = len(maps) == len(others) + 1
        yield replace(part, targets=targets, maps=np.stack([maps[t] for t in targets]), done=whole)

    def news(self, view: View, stack: Stack | None) -> Iterator[Told]:
        """What is to be said of a map that is in a stack, unless that was said last."""
        if stack is None:
            return
        map_ = stack.maps[view.target if stack.targets is None else stack.targets.index(view.target)]
        try:
            reason = remarks.of_map(self.atlas, self._names, view, map_)
        except StaleRecordingError:
            raise
        except Exception:  # to look for a cause may take what the map did not: memory, or a second derivative
            log.exception("why %s", view)
            return
        last, again = self._told, self._overwritten
        if reason is None and (last is None or last.reason is None) and not again:
            return
        if again or last is None or (last.view, last.reason) != (view, reason):
            # that of the stack: where something else is explained by now, this is not said
            yield Told(view, stack.generation, reason)

    def _make_slowly(self, view: View) -> None:
        """Make a map that takes its time, and say now and then how far it is.

        Raises:
            Stopped: a newer request waits, or another thread wants to read.
        """
        self.atlas.maps(view.layer, view.variant, [view.target], self._unwanted, self._teller(view))

    def _teller(self, view: View) -> Callable[[int, int], None]:
        """Says now and then how far a map is."""
        generation, told = self.atlas.generation, time.monotonic()

        def tell(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= BETWEEN and not self._mailbox.newer():
                told = time.monotonic()
                self.send(Working(view, generation, done, total))

        return tell

    def _wants_whole(self, request: Request) -> bool:
        """Whether the maps of all classes are missing in the browser. Only the browser knows; one that asked before
        they came does not know yet, and where Python asks they were sent once.
        """
        if request.reply is None:
            return (self.atlas.generation, *place_of(request.view)) not in self._sent_whole
        sent = self.sent_stack
        under_way = sent is not None and sent.targets is None and place_of(sent.view) == place_of(request.view)
        return not request.whole and not under_way

    def _whole(self, view: View) -> Iterator[Stack]:
        generation = self.atlas.generation
        maps = self._undisturbed(lambda: self.atlas.whole(view.layer, view.variant, self._unwanted))
        # fewer classes than are listed anyway need no second message
        if maps is not None and len(maps) > len(self.listed):
            ms = self.atlas.ms(view.layer, view.variant, view.target)
            yield Stack(view, generation, None, maps, True, ms, remarks.of_layer(self.atlas, view), None)

    def _sums(self, view: View) -> Iterator[Sums]:
        """Whether evidence may be summed to the score: told once, for it lies in how the network is built."""
        place = place_of(view)
        if place not in self._sent_sums and self._undisturbed(partial(self.atlas.adds_up, *place, self._unwanted)):
            yield Sums(view, self.atlas.generation)

    def _ahead(self, view: View) -> Iterator[Nearby | Served]:
        """What may be asked next is made ready while nobody asks."""
        end = time.monotonic() + AHEAD
        for target, rule in foresight.order(view, self.listed, self.atlas.recording):
            if time.monotonic() > end or not self.atlas.room:
                return
            if self._mailbox.newer():
                raise Stopped
            self._undisturbed(partial(self.atlas.foresee, target, rule, self._unwanted))
            sent = self._sent_nearby
            if target == view.target and rule == VARIANTS[view.variant].rule and (sent is None or sent.view != view):
                yield Nearby(view, self.atlas.generation, tuple(foresight.nearby(view, self.atlas)))
            yield Served()

    def _screened(self, step: Callable[[Screening], bool]) -> Iterator[Screened]:
        film = self._screening
        while film is not None and self._undisturbed(partial(step, film)):
            yield Screened()

    def _undisturbed(self, work: Callable[[], T]) -> T:
        """The result of work that gives way to readers on other threads, and is then begun anew.

        Raises:
            Stopped: a newer request waits.
        """
        while True:
            try:
                return work()
            except Stopped:
                if self._mailbox.newer():
                    raise
            self._readers.let_pass()

    def _unwanted(self) -> bool:
        return self._mailbox.newer() or bool(self._readers)

    def _strip(self, view: View) -> Strip:
        generation = self.atlas.generation
        self._undisturbed(lambda: self.atlas.prepare(view.target, view.variant, self._unwanted))
        stages = self.atlas.recording.stages
        return Strip(
            view, generation, tuple((layer, self.atlas.map(layer, view.variant, view.target)) for layer in stages)
        )

    def _contrast(self, request: Request, contrast: contrasting.Contrast) -> Iterator[Working | Contrasted]:
        view, generation = request.view, self.atlas.generation
        plain = contrast.by_maps(view.variant)
        if VARIANTS[view.variant].needs == "passes":
            # answered at once, so that the browser may change its mind meanwhile
            yield Working(view, generation, 0, 0, request.reply)
        at = (self.atlas, view.layer, view.variant, view.target)
        if plain:
            made = self._undisturbed(lambda: contrasting.classes(*at, contrast.rival, self._unwanted))
        else:
            made = self._undisturbed(lambda: contrasting.pair(*at, contrast, self._unwanted, self._teller(view)))
        yield Contrasted(view, generation, contrast, made, plain)

    def _menu(self, view: View) -> Menu:
        def made(variant: str) -> Map:
            return self.atlas.maps(view.layer, variant, [view.target], self._unwanted)[0]

        generation = self.atlas.generation
        quick = [v.id for v in VARIANTS.values() if not v.slow]
        return Menu(view, generation, tuple((v, self._undisturbed(partial(made, v))) for v in quick))

    def _matrix(self, view: View, rows: str) -> Iterator[Row]:
        generation = self.atlas.generation
        for one in matrix.order(view, rows, self.listed):
            maps = self._undisturbed(partial(matrix.row, self.atlas, one, self._unwanted))
            if maps:
                yield Row(one, generation, maps)

    def _unfolded(self, view: View) -> Unfolded:
        generation = self.atlas.generation
        made = self._undisturbed(partial(unfolding.unfold, self.atlas, view, self._unwanted))
        return Unfolded(view, generation, made)

    def _tested(self, view: View) -> Iterator[Tested]:
        trial, told = self.trials.of(view), -BETWEEN
        try:
            while self._undisturbed(partial(trial.step, self._unwanted)):
                if time.monotonic() - told >= BETWEEN / 2:
                    told = time.monotonic()
                    yield trial.found()
        except StaleRecordingError:  # said in its place: while the model is trained, each new try would end like this
            trial.changed()
        yield trial.found()

    def _rank(self, target: int) -> int:
        return self.listed.index(target) if target in self.listed else len(self.listed)
