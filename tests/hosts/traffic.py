"""What crosses the channel, as the page sees it: requests that leave, answers that come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# JSON may stand inside JSON, so quotes may be escaped
RECORD = r"""(() => {
    if (window.traffic) return;
    const traffic = (window.traffic = []);
    const utf8 = new TextDecoder();
    const text = (data) => typeof data === "string" ? data
        : data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? utf8.decode(data) : "";
    const SENT = /\{\\*"nonce\\*": *\\*"([\w-]+)\\*", *\\*"seq\\*": *(\d+)/g;
    const REPLY = /\\*"reply\\*": *\[\\*"([\w-]+)\\*", *(\d+)/g;
    const note = (kind, pattern, data, at = performance.now()) => {
        for (const [, nonce, seq] of text(data).matchAll(pattern)) traffic.push([at, kind, nonce, Number(seq)]);
    };
    const Native = window.WebSocket;
    window.WebSocket = class extends Native {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", ({ data }) => note("answer", REPLY, data));
        }
        send(data) {
            note("request", SENT, data);
            super.send(data);
        }
    };
    const fetched = window.fetch;
    window.fetch = (resource, options) => {
        if (typeof options?.body === "string") note("request", SENT, options.body);
        else if (resource instanceof Request && resource.method === "POST") {
            const at = performance.now();
            resource.clone().text().then((body) => note("request", SENT, body, at));
        }
        return fetched(resource, options);
    };
})()"""


@dataclass(frozen=True)
class Event:
    """A request that left the page or an answer that came, ``at`` in milliseconds of the page's clock."""

    at: float
    kind: str
    nonce: str
    seq: int


def decode(rows: Sequence[Sequence[object]]) -> list[Event]:
    """The page's record; an answer that comes in several parts counts once, with the first."""
    seen: set[tuple[str, str, int]] = set()
    events = []
    for at, kind, nonce, seq in sorted(rows, key=lambda row: float(str(row[0]))):
        key = (str(kind), str(nonce), int(str(seq)))
        if key not in seen:
            seen.add(key)
            events.append(Event(float(str(at)), *key))
    return events


def unanswered(events: Sequence[Event]) -> set[tuple[str, int]]:
    """The requests, by nonce and seq, that no answer came to."""
    asked = {(e.nonce, e.seq) for e in events if e.kind == "request"}
    return asked - {(e.nonce, e.seq) for e in events if e.kind == "answer"}


def most_in_flight(events: Sequence[Event]) -> int:
    """How many requests of one view were out at once, at most."""
    out: dict[str, set[int]] = {}
    most = 0
    for event in events:
        flying = out.setdefault(event.nonce, set())
        if event.kind == "request":
            flying.add(event.seq)
            most = max(most, len(flying))
        else:
            flying.discard(event.seq)
    return most


def waits(events: Sequence[Event]) -> list[float]:
    """Milliseconds from each request to its answer."""
    left = {(e.nonce, e.seq): e.at for e in events if e.kind == "request"}
    came = {(e.nonce, e.seq): e.at for e in reversed(events) if e.kind == "answer"}
    return [came[key] - at for key, at in left.items() if key in came]
