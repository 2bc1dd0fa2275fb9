"""What is done already, one line of JSON a batch: written after the maps are, so that it never says too much.

The first line says of which run this is, each other one is a list with an entry for every image of a batch. A run that
is killed leaves at worst a last line that is cut short, or maps that no line tells of; such a batch is made again as a
whole, and comes out the same.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

if sys.platform != "win32":
    import fcntl

Entry = dict[str, Any]
VERSION = 1


class Journal:
    """The sidecar of one output.

    Args:
        path: of the journal.

    Attributes:
        head: what the first line says; None where there is none yet.
        entries: by the number of the image.
        finished: how many images there were; None while that is not known.

    Raises:
        ValueError: there is such a file, and it is no journal.
        RuntimeError: another run is writing to it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.head: Entry | None = None
        self.entries: dict[int, Entry] = {}
        self.finished: int | None = None
        self._file: BinaryIO = path.open("a+b")
        try:
            self._lock()
            self._load()
        except BaseException:
            self._file.close()
            raise

    def begin(self, head: Entry) -> None:
        """Write the first line."""
        self.head = {"camwidget": VERSION, **head}
        self._append(self.head)

    def add(self, entries: list[Entry]) -> None:
        """The images of a batch are done. Each entry has its image's number under "i"."""
        self._append(entries)
        self.entries.update({entry["i"]: entry for entry in entries})

    def finish(self, count: int) -> None:
        """All ``count`` images are done."""
        self._append({"finished": count})
        self.finished = count

    def close(self) -> None:
        """Let go of the file, everything being on disk."""
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()

    def _append(self, line: Entry | list[Entry]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()

    def _lock(self) -> None:
        if sys.platform == "win32":  # two runs into one file are not told from each other there
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RuntimeError(f"another run is writing to {str(self._path)!r}; wait for it, or end it") from error

    def _load(self) -> None:
        self._file.seek(0)
        good = 0
        for number, raw in enumerate(self._file):
            line = _parsed(raw)
            if number == 0 and not raw.startswith(b'{"camwidget": %d,' % VERSION):
                raise ValueError(
                    f"{str(self._path)!r} is no journal of this version of camwidget; accepted: another out, or "
                    "overwrite=True"
                )
            if line is None:
                break
            good += len(raw)
            if number == 0:
                self.head = line
            elif isinstance(line, list):
                self.entries.update({entry["i"]: entry for entry in line})
            else:
                self.finished = line["finished"]
        self._file.truncate(good)


def _parsed(raw: bytes) -> Any:
    """A whole line; None for one that was cut short."""
    try:
        return json.loads(raw) if raw.endswith(b"\n") else None
    except ValueError:
        return None
