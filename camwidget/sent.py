"""What the browser has been sent, so that it is not sent again."""

from __future__ import annotations

from .answers import Answer, Contrasted, Done, Failed, Nearby, Stack, Strip, Sums, Told, View, Working
from .atlas import Atlas


class Sent:
    """As far as it is good for what comes next."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self.sent_stack: Stack | None = None
        self._told: Told | None = None
        # that a map takes its time, or failed, stands where something is told of the map on screen
        self._overwritten = False
        self._sent_strip: Strip | None = None
        self._sent_nearby: Nearby | None = None
        # (generation, layer, variant) whose maps of all classes were sent: not again because Python asks
        self._sent_whole: set[tuple[int, str, str]] = set()
        self._sent_sums: set[tuple[str, str]] = set()

    def remember(self, answer: Answer) -> None:
        """Note what was delivered."""
        if isinstance(answer, (Working, Failed, Stack, Contrasted, Told, Done)):
            self._overwritten = isinstance(answer, (Working, Failed))
        match answer:
            case Stack():
                self.sent_stack = answer
                if answer.targets is None:
                    # those of earlier generations are asked for by nobody: they would grow with each stroke
                    here = {one for one in self._sent_whole if one[0] == answer.generation}
                    self._sent_whole = here | {(answer.generation, *place_of(answer.view))}
            case Strip():
                self._sent_strip = answer
            case Nearby():
                self._sent_nearby = answer
            case Sums():
                self._sent_sums.add(place_of(answer.view))
            case Told():
                self._told = answer

    def _forget(self) -> None:
        self.sent_stack = self._sent_strip = self._sent_nearby = None

    def _holds(self, view: View) -> bool:
        """Whether the stack that the browser has last been sent holds this view, with all listed classes."""
        sent = self.sent_stack
        return (
            sent is not None
            and sent.generation == self.atlas.generation
            and sent.done
            and place_of(sent.view) == place_of(view)
            and (sent.targets is None or view.target in sent.targets)
        )

    def _holds_strip(self, view: View) -> bool:
        sent = self._sent_strip
        return sent is not None and sent.generation == self.atlas.generation and _row(sent.view) == _row(view)


def _row(view: View) -> tuple[int, str]:
    return view.target, view.variant


def place_of(view: View) -> tuple[str, str]:
    """Where its maps are, of whichever class."""
    return view.layer, view.variant
