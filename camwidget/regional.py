"""The part of the widget that is asked about a region of the picture, and that remembers where one has been."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import traitlets

from . import edits, history
from .answers import Request
from .engine.variants import find_variant
from .protocol import HISTORY_KEYS
from .readings import Readings
from .region import Region, coverage, read_region
from .region_scores import RegionScores, rows_of


class RegionalTraits(Readings):
    """``region`` and what follows from it, and the history of (target, layer, variant, region)."""

    # None, or a list as the wire has it. Dragged in the browser: an echo of an older value would make it jump
    region = traitlets.Any(None).tag(sync=True, echo_update=False)
    exact = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    visited = traitlets.Dict().tag(sync=True)

    def region_scores(self, region: Any = None) -> RegionScores:
        """What a region of the picture says for each class, strongest first: the sum of each class's signed map at the
        current layer and variant over the region, cells that lie partly in it by area. All classes where their maps
        cost a few matrix products, else the listed ones.

        Args:
            region: as the trait ``region`` takes it; default: that.

        Raises:
            TypeError, ValueError: no region is set, or it is refused; the message says what is accepted.
        """
        asked: Region | None = self.region if region is None else self._read_region_trait(region)
        if asked is None:
            raise ValueError("no region is set; accepted: w.region = [x0, y0, x1, y1], or region_scores(region)")
        view = self._seen()
        listed = list(self.listed)
        targets, maps, exact = self._open().read(view, lambda atlas: atlas.table(view.layer, view.variant, listed))
        unit = self.classes["unit"] if find_variant(view.variant).unit == "score" else "relative"
        cover = coverage(asked, maps.shape[1:], self._size, self._place(maps[0]))
        rows = rows_of(targets, maps, cover, self._names, self.probabilities)
        return RegionScores(asked, view.layer, view.variant, unit, exact, len(self._names), rows)

    @property
    def _size(self) -> tuple[int, ...]:
        return tuple(self._subject.input.shape[2:])

    def _checked(self, name: str, value: Any) -> Any:
        return self._read_region_trait(value) if name == "region" else super()._checked(name, value)

    def _read_region_trait(self, value: Any) -> Region | None:
        """Raises TypeError or ValueError that says what is accepted."""
        if value is not None and self._subject.kind != "picture":
            raise ValueError(f"a region is of a picture, and this is a {self._subject.kind}; accepted: None")
        return read_region(value, self._size)

    # ------------------------------------------------------------------ where one has been

    @property
    def history(self) -> list[dict[str, Any]]:
        """The visited states, the oldest first: ``target`` and its ``name``, ``layer``, ``variant``, ``region``,
        ``edits``; and ``now``, true of the one on screen. At most 100.
        """
        states, at = map(history.named, self.visited["states"]), self.visited["at"]
        return [{**state, "name": self._names[state["target"]], "now": i == at} for i, state in enumerate(states)]

    def back(self) -> bool:
        """Go back to the state before. Returns whether there is one."""
        return self._travel(-1)

    def forward(self) -> bool:
        """Go forward again, after ``back``. Returns whether there was something ahead."""
        return self._travel(1)

    def _travel(self, by: int) -> bool:
        with self._lock:
            self._open()
            trail = history.moved(self.visited, by)
            if trail is None:
                return False
            state = history.named(trail["states"][trail["at"]])
            checked = {name: self._checked(name, state[name]) for name in HISTORY_KEYS}
            self._set_together(checked)
            self.visited = trail
            self._ask(Request(self._view()))
            if self._saying.complaint is not None:
                self._say()
            return True

    def _set_together(self, state: Mapping[str, Any]) -> None:
        """Set several traits as one change. Observers' own faults are told, see ``_take``."""
        self._saying.complaint = None
        self._quietly(**state)

    def _follow(self, before: Mapping[str, Any]) -> None:
        """After another scene was looked at: what is shown of it. ``before`` was ``meta``. Where one has been is told
        of one picture: of another it begins anew.
        """
        # whichever thread looked last, and whichever says so first
        view, self._known = self._open().moved(self._view(), self._known)
        self._quietly(target=view.target, layer=view.layer)
        if self.meta["input"] != before["input"]:
            self._quietly(region=None)  # its places are pixels of the input
        if self.meta["index"] != before["index"]:
            self.visited = history.begun(self._state())

    # strokes are looked after where they are asked for: the trait follows their answers, also to a stroke half done
    @traitlets.observe(*(name for name in HISTORY_KEYS if name != "edits"))
    def _state_changed(self, _change: Any) -> None:
        with self._lock:
            if self._session is not None and not self._accepting:
                self._visit()

    def _visit(self) -> None:
        self.visited = history.visited(self.visited, self._state())

    def _state(self) -> dict[str, Any]:
        # the trait follows the answer, and the state is what was asked for
        return {name: getattr(self, name) for name in HISTORY_KEYS} | {"edits": edits.plain(self._scene.edits)}

    # ------------------------------------------------------------------ what CamWidget has

    @abstractmethod
    def _say(self) -> None:
        """Put what stands to be said into the status line."""
