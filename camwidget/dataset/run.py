"""``explain``: the maps of many images, read ahead, made in batches, kept in memory or on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from camwidget import inputs, labels, preprocessing, scores
from camwidget.checks import count, one_of
from camwidget.engine import CamEngine, Explanations, Recording, Skipped
from camwidget.engine.batches import Answer, Question, answers, ask
from camwidget.engine.targets import Target

from . import fingerprint
from .journal import Entry, Journal
from .loading import Read, default_workers, windows
from .sources import Job, Reader, Source, open_source
from .stores import Key, Memory, Sizes, Store, blank, store_at
from .wanted import Wanted

ON_ERROR = ("raise", "skip")


class NoneReadable(ValueError):
    """Not one of the images could be read, so nobody knows how large a map is."""


def explain(  # noqa: PLR0913 (the signature that users type)
    model: nn.Module | CamEngine,
    images: Any,
    targets: Any = None,
    layer: str | Sequence[str | None] | None = None,
    variant: str | Sequence[str] = "gradcam",
    batch_size: int = 32,
    progress: bool = True,
    *,
    size: str | int | Sequence[int] = "input",
    out: str | Path | None = None,
    overwrite: bool = False,
    on_error: str = "raise",
    workers: int | None = None,
    preprocess: Any = None,
) -> Explanations:
    """The maps of many images: float32, in raw units, after the variant's own ReLU.

    Images are read by threads while the network works, run in batches on the model's device, one forward and one small
    backward pass each, and no more of them are in memory than a few batches.

    Args:
        model: any classifier, as of ``CamEngine``; or an engine, whose ``forward``, ``autocast`` and ``labels`` count.
        images: a folder (with all below it), paths, PIL images, arrays ``(N, H, W[, 3])``, tensors ``(N, C, *spatial)``
            (preprocessed already), a ``Dataset``, a ``DataLoader``, or any iterable; of images, of ``(image, label)``,
            or of dicts with "image" and "label".
        targets: what is explained: None for the predicted class of each image, "label" for the label that comes with
            it, a class by its index or name (or a ``Target``, or a callable) for all, or a sequence with one an image.
        layer, variant: as of ``Recording.cam``. Sequences of them are made in the same passes; the maps are then found
            under ``[layer, variant]``.
        batch_size: images in one pass, at most: fewer where memory is short.
        progress: show a bar (``tqdm.auto``).
        size: of the maps: "input" (the network's input), "grid" (the layer's own cells), or the numbers.
        out: stream the maps to this ``.npy`` file or ``.zarr`` group (extra ``data``) instead of keeping them in
            memory; of several layers or variants one file each, ``maps-layer4-gradcam.npy``. Beside it stands a
            journal, ``maps.npy.jsonl``, with what the model said of each image. A run that was ended, in whatever way,
            goes on where it was when it is asked for again: nothing is lost or done twice, and with the same
            ``batch_size`` the result is the same to the last bit. Images that could not be read are tried again then,
            and files that were changed since.
        overwrite: begin anew, whatever is there under ``out``.
        on_error: what to do of an image that cannot be read: "raise" BadImage with its path, or "skip" it: its maps are
            NaN, ``skipped`` says why, and the run goes on.
        workers: threads that read ahead; default: one a core, at most 8; 0 reads when images are wanted. A ``Dataset``
            is asked for one item at a time; for worker processes give a ``DataLoader``, which has its own.
        preprocess: as of ``CamWidget``; default: found from the model.

    Raises:
        TypeError, ValueError: one of these is nothing of its kind; there is not one target for each image; there is no
            image at all, or none that can be read; ``out`` holds another run's maps. BadImage: see ``on_error``.
    """
    question, wanted = ask(layer, variant, size), Wanted(targets)
    one_of("on_error", on_error, ON_ERROR)
    workers = default_workers() if workers is None else 0 if workers == 0 else count("workers", workers)
    engine = model if isinstance(model, CamEngine) else CamEngine(model)
    known = preprocessing.find(engine.model, preprocess)
    source = open_source(images, Reader(inputs.kinds_of(engine.model), known))
    run = _Run(engine, source, question, wanted, count("batch_size", batch_size))
    if out is not None:
        about = _about(engine, source, question, wanted) | _about_input(images, known, preprocess)
        run.resume(Path(out), about, overwrite)
    return run.explanations(workers, on_error == "raise", progress)


def _about(engine: CamEngine, source: Source, question: Question, wanted: Wanted) -> Entry:
    """What must be the same for a run to go on."""
    return {
        "model": fingerprint.of_model(engine.model),
        "autocast": str(engine.autocast),
        "forward": None if engine.forward is None else fingerprint.of_callable(engine.forward),
        "images": "" if source.names is None else fingerprint.of_texts(source.names),
        "number of images": source.length,
        "targets": fingerprint.of_texts([words]) if len(words := wanted.words()) > 200 else words,
        "layer": list(question.layers),
        "variant": list(question.variants),
        "size": question.size if isinstance(question.size, str) else list(question.size),
    }


def _about_input(images: Any, known: preprocessing.Preprocessing, preprocess: Any) -> Entry:
    """The same of what is read, and how.

    Raises:
        ValueError: it comes in another order each time.
    """
    shuffles = isinstance(images, DataLoader) and isinstance(images.sampler, RandomSampler)
    if shuffles:
        raise ValueError(
            "out= is given with a DataLoader that shuffles, and a run that ended could not go on with it; "
            "accepted: one with shuffle=False"
        )
    about = {"preprocessing": f"{known.words} {known.facts()}"}
    if isinstance(images, (torch.Tensor, np.ndarray)):
        about["content"] = fingerprint.of_numbers(images)
    if isinstance(images, TensorDataset):
        about["content"] = fingerprint.of_texts(map(fingerprint.of_numbers, images.tensors))
    labelled = getattr(images, "targets", None)  # of torchvision's data sets
    if isinstance(labelled, (list, tuple, torch.Tensor, np.ndarray)):
        about["labels"] = fingerprint.of_texts(str(label) for label in np.asarray(labelled).tolist())
    if preprocess is not None:
        about["preprocess"] = fingerprint.of_callable(preprocess)
    return about


@contextmanager
def _bar(shown: bool, length: int | None, done: int) -> Iterator[Callable[[int], object]]:
    """A bar, and what tells it that so many images more are done."""
    if not shown:
        yield lambda _more: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=length, initial=done, unit="image", desc="explain") as bar:
        yield bar.update


class _Run:
    """One run: what was asked, what is done by now, and where it is put."""

    def __init__(self, engine: CamEngine, source: Source, question: Question, wanted: Wanted, batch_size: int) -> None:
        wanted.check(source.length)
        self._engine, self._source, self._question, self._wanted = engine, source, question, wanted
        self._batch_size = batch_size
        self._store: Store = Memory()
        self._journal: Journal | None = None
        self._about: Entry = {}
        self._sizes: Sizes | None = None
        self._probability = ""
        self._waiting: list[Read] = []
        self._overwrite = False
        self._entries: dict[int, Entry] = {}
        self._finished: int | None = None

    def resume(self, out: Path, about: Entry, overwrite: bool) -> None:
        """Put results under ``out``, going on with what is there.

        Raises:
            ValueError: it is another run's.
        """
        store, path = store_at(out)
        sidecar = path.with_name(path.name + ".jsonl")
        self._overwrite = overwrite
        if overwrite:
            store.remove()
            sidecar.unlink(missing_ok=True)
        elif path.exists() and not sidecar.exists():
            raise ValueError(
                f"{str(path)!r} is there already, and no journal beside it says what it is; accepted: another out, or "
                "overwrite=True"
            )
        journal = Journal(sidecar)
        differs = None if journal.head is None else fingerprint.difference(journal.head["about"], about)
        if differs is not None:
            journal.close()
            raise ValueError(
                f"{str(path)!r} holds the maps of another run: {differs}; accepted: another out, the same again to go "
                "on with it, or overwrite=True"
            )
        sizes = None if journal.head is None else {tuple(key): tuple(size) for key, size in journal.head["maps"]}
        gone = [] if sizes is None else [str(file) for file in store.paths(sizes) if not file.exists()]
        if gone and journal.entries:
            journal.close()
            raise ValueError(
                f"{gone[0]!r} is gone, and its journal says that {len(journal.entries)} images are done; accepted: "
                "the file back in its place, or overwrite=True"
            )
        self._about, self._sizes = about, sizes
        self._store, self._journal = store, journal
        if sizes is not None:
            store.begin(sizes, journal.finished if journal.finished is not None else self._source.length)
        self._entries = {i: entry for i, entry in journal.entries.items() if _stands(entry)}
        self._finished = journal.finished if len(self._entries) == len(journal.entries) else None

    def explanations(self, workers: int, strict: bool, progress: bool) -> Explanations:
        """What is found, in the order of the images; those that are not done are explained first. Lets go of files.

        Raises: as ``explain``.
        """
        with closing(self):
            if self._finished is None:
                with _bar(progress, self._source.length, len(self._entries)) as tick:
                    self._all(self._source.jobs(), workers, strict, tick)
            return self._found()

    def _all(self, jobs: Iterator[Job], workers: int, strict: bool, tick: Callable[[int], object]) -> None:
        seen = 0

        def counted() -> Iterator[Job]:
            nonlocal seen
            for job in jobs:
                seen += 1
                yield job

        with closing(windows(counted(), self._batch_size, workers, self._entries.keys())) as cut:
            for window in cut:
                bad = next((read.error for read in window if read.error is not None), None)
                if strict and bad is not None:
                    raise bad
                self._window(window)
                tick(len(window))
        if self._wanted.many is not None and len(self._wanted.many) != seen:
            raise ValueError(
                f"{len(self._wanted.many)} targets for {seen} images; accepted: one an image, or one for all"
            )
        if seen == 0:
            raise ValueError("no image was given: the iterable is empty")
        if self._waiting:
            first = self._waiting[0].error
            raise NoneReadable(f"none of {seen} images could be read; the first: {first}") from first
        self._store.finish(seen)
        self._finished = seen
        if self._journal is not None:
            self._journal.finish(seen)

    def _window(self, window: list[Read]) -> None:
        """Explain the images of a window, those of one shape together, and write them down."""
        groups: dict[torch.Size, list[Read]] = {}
        for read in window:
            if read.input is not None:
                groups.setdefault(read.input.shape, []).append(read)
        entries: list[Entry] = []
        for group in groups.values():
            for part, answer in self._answers(group):
                self._write([read.index for read in part], answer.maps)
                entries += [_entry(read, answer, row) for row, read in enumerate(part)]
        self._waiting += [read for read in window if read.error is not None]
        if self._sizes is not None:
            if self._waiting:
                self._write([read.index for read in self._waiting], blank(self._sizes, len(self._waiting)))
            entries += [_missing(read) for read in self._waiting]
            self._waiting = []
        if entries and self._journal is not None:
            self._journal.add(entries)
        self._entries.update({entry["i"]: entry for entry in entries})

    def _answers(self, group: list[Read]) -> Iterator[tuple[list[Read], Answer]]:
        x = torch.stack([read.input for read in group if read.input is not None])
        if not self._wanted.names:
            self._learn(x)
        targets = self._wanted.for_all
        if targets is None:
            targets = [self._wanted.of(read.index, read.label, read.name) for read in group]
        start = 0
        for answer in answers(self._engine, x, targets, self._question, self._probabilities):
            end = start + len(answer.targets)
            yield group[start:end], answer
            start = end

    def _learn(self, x: torch.Tensor) -> None:
        """From a first look: the names of the classes, and how scores become probabilities."""
        engine = self._engine
        recording = engine.record(x if engine.fixed else x[:1], self._question.layers)
        k = recording.scores.shape[1]
        names = engine.names(k)
        if names is None:
            names = labels.find(engine.model, None, k)
            if isinstance(self._wanted.for_all, Target):  # may name its classes
                self._engine = engine.like(engine.model, names)
        self._wanted.names = names
        self._probability = scores.find_probability(engine.model, recording, None)

    def _probabilities(self, recording: Recording) -> torch.Tensor:
        return scores.all_probabilities(recording, self._probability)

    def _write(self, rows: list[int], maps: dict[Key, Any]) -> None:
        sizes = {key: made.shape[1:] for key, made in maps.items()}
        if self._sizes is None:
            self._sizes = sizes
            if self._journal is not None:
                self._begin(self._journal, sizes)
            self._store.begin(sizes, self._source.length)
        elif sizes != self._sizes:
            first, now = (next(iter(known.values())) for known in (self._sizes, sizes))
            raise ValueError(
                f"image {rows[0]} has a map of {tuple(now)}, and those before of {tuple(first)}: the inputs differ in "
                "size; accepted: a preprocess that crops all to one, or size= with numbers, such as (224, 224)"
            )
        self._store.write(rows, maps)

    def _begin(self, journal: Journal, sizes: Sizes) -> None:
        """The first line of the journal: from then on the files are this run's."""
        there = [str(file) for file in self._store.paths(sizes) if file.exists()]
        if there and not self._overwrite:
            raise ValueError(
                f"{there[0]!r} is there already, and no journal says what it is; accepted: another out, or "
                "overwrite=True"
            )
        journal.begin({"about": self._about, "maps": [[list(key), list(size)] for key, size in sizes.items()]})

    def _found(self) -> Explanations:
        entries = [self._entries[i] for i in range(self._finished or 0)]
        return Explanations(
            maps=self._store.maps(),
            targets=np.array([entry.get("target", -1) for entry in entries], np.int64),
            scores=np.array([entry.get("score", np.nan) for entry in entries], np.float32),
            predicted=np.array([entry.get("predicted", -1) for entry in entries], np.int64),
            confidence=np.array([entry.get("confidence", np.nan) for entry in entries], np.float32),
            labels=np.array([entry.get("label", -1) for entry in entries], np.int64),
            names=[entry["name"] for entry in entries],
            skipped=[Skipped(entry["i"], entry["name"], entry["error"]) for entry in entries if "error" in entry],
        )

    def close(self) -> None:
        """Let go of files, everything being on disk."""
        self._store.close()
        if self._journal is not None:
            self._journal.close()


def _entry(read: Read, answer: Answer, row: int) -> Entry:
    found: Entry = {
        "i": read.index,
        "name": read.name,
        "target": answer.targets[row],
        "score": answer.scores[row],
        "predicted": answer.predicted[row],
        "confidence": answer.confidence[row],
    }
    stamp = fingerprint.of_file(read.name)
    return found | ({"label": read.label} if read.label >= 0 else {}) | ({} if stamp is None else {"stamp": stamp})


def _stands(entry: Entry) -> bool:
    """Whether what an earlier run wrote down need not be done again: the image was read, and its file is the same."""
    return "error" not in entry and ("stamp" not in entry or entry["stamp"] == fingerprint.of_file(entry["name"]))


def _missing(read: Read) -> Entry:
    return {"i": read.index, "name": read.name, "error": str(read.error)}
