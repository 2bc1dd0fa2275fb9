"""Train the network of the demo, measure it on scenes it has never seen, and write the weights and their README.

    python -m camwidget.demo.train

Everything is drawn on the fly from seeds; nothing is downloaded. It learns in two rounds: small cut-outs with one or
two stickers (fast, teaches the shapes), then whole scenes. Labels only: where a sticker lies is never told to the
network, so that the pointing game is a fair question.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from camwidget.demo import report
from camwidget.demo.network import INPUT, MEAN, STD, WEIGHTS, DemoNet, Preprocess, facts, load, save
from camwidget.demo.scenes import CATEGORIES, Scene, scene

_TRAIN, _CUTOUTS, _HELD_OUT = 1_000_000, 2_000_000, 3_000_000
"""First scene seeds of the three sets; they never meet."""


def rounds(seed: int, share: float = 1.0) -> tuple[report.Round, report.Round]:
    """The two rounds of a seed; ``share`` below 1 draws fewer scenes."""
    jump = seed * 100_000
    return (
        report.Round(_CUTOUTS + jump, int(6000 * share), INPUT // 2, 0.5, 6, 64, 6e-3),
        report.Round(_TRAIN + jump, int(5000 * share), INPUT, 1.0, 4, 40, 3e-3),
    )


def _drawn(seed: int, size: int, side: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Pixels (size, size, 3) and labels (K,) of one scene. Every third is drawn larger, then scaled down."""
    if seed % 3 == 0:
        big = scene(seed, size=size * 3 // 2, side=side)
        pixels = np.array(big.image.resize((size, size), resample=2))
        return pixels, labels_of(big)
    drawn = scene(seed, size=size, side=side)
    return np.array(drawn.image), labels_of(drawn)


def labels_of(drawn: Scene) -> NDArray[np.float32]:
    """(K,) 1 where the class is on the picture."""
    return np.array([name in drawn.names for name in CATEGORIES], dtype=np.float32)


def draw(plan: report.Round, workers: int) -> tuple[Tensor, Tensor]:
    """All pictures (N, 3, H, W) uint8 and labels (N, K) of a round. Without workers this process draws them itself."""
    job = partial(_drawn, size=plan.size, side=plan.side)
    seeds = range(plan.first, plan.first + plan.scenes)
    if workers:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            pairs = list(pool.map(job, seeds, chunksize=100))
    else:
        pairs = [job(seed) for seed in seeds]
    pictures = torch.from_numpy(np.stack([pair[0] for pair in pairs])).permute(0, 3, 1, 2)
    return pictures, torch.from_numpy(np.stack([pair[1] for pair in pairs]))


def augment(pixels: Tensor, chance: torch.Generator) -> Tensor:
    """(N, 3, H, W) uint8 -> normalised floats: mirrored, colours swapped, lighter or darker, each by chance."""
    n = len(pixels)
    flips = torch.rand(n, generator=chance) < 0.5
    pixels = torch.where(flips[:, None, None, None], pixels.flip(3), pixels)
    orders = torch.rand(n, 3, generator=chance).argsort(1)
    orders[torch.rand(n, generator=chance) < 0.5] = torch.arange(3)
    values = pixels[torch.arange(n)[:, None], orders].float() / 255
    gain = 1 + 0.3 * (torch.rand(n, 3, 1, 1, generator=chance) - 0.5)
    lift = 0.2 * (torch.rand(n, 1, 1, 1, generator=chance) - 0.5)
    values = (values * gain + lift).clamp(0, 1)
    return (values - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def learn(net: DemoNet, plan: report.Round, chance: torch.Generator, workers: int = 2) -> None:
    """One round of training, in place."""
    start = time.perf_counter()
    pictures, labels = draw(plan, workers)
    print(f"drew {plan.scenes} scenes of {plan.size} px in {time.perf_counter() - start:.0f} s", flush=True)
    decay = [p for p in net.parameters() if p.dim() > 1]
    plain = [p for p in net.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate)
    steps = plan.epochs * (plan.scenes // plan.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=0.2)
    lose = nn.BCEWithLogitsLoss()
    net.train()
    for epoch in range(plan.epochs):
        order = torch.randperm(plan.scenes, generator=chance)[: plan.scenes // plan.batch * plan.batch]
        total = 0.0
        for rows in order.view(-1, plan.batch):
            batch = augment(pictures[rows], chance).contiguous(memory_format=torch.channels_last)
            loss = lose(net(batch), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        spent = time.perf_counter() - start
        print(
            f"  epoch {epoch + 1}/{plan.epochs}  loss {total / (steps // plan.epochs):.4f}  {spent:.0f} s", flush=True
        )
    net.eval()


def train(seed: int = 0, share: float = 1.0) -> DemoNet:
    """A trained network, in eval mode. The same seed and number of threads give the same weights on one machine."""
    torch.manual_seed(seed)
    chance = torch.Generator().manual_seed(seed)
    net = DemoNet().to(memory_format=torch.channels_last)
    cutouts, whole = rounds(seed, share)
    learn(net, cutouts, chance)
    with torch.no_grad():
        # On a whole scene a sticker covers less of the grid: the average over the grid shrinks by as much.
        net.head.weight /= cutouts.side**2
    learn(net, whole, chance)
    return net


@torch.no_grad()
def class_maps(net: DemoNet, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (N, K) and Grad-CAM maps (N, K, h, w) at the last stage for a batch (N, 3, H, W).

    The head is linear after an average pool, so the gradient is the head's row over h*w, everywhere the same.
    """
    grids = net.stage3(net.stage2(net.stage1(net.stem(batch))))
    logits = net.head(net.pool(grids).flatten(1))
    return logits, torch.einsum("kc,nchw->nkhw", net.head.weight, grids) / grids[0, 0].numel()


def held_out(count: int, first: int = _HELD_OUT, batch: int = 50) -> Iterator[list[Scene]]:
    """Batches of scenes that no training seed draws, at full size."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for start in range(first, first + count, batch):
            yield list(pool.map(scene, range(start, min(start + batch, first + count)), chunksize=10))


def measure(net: DemoNet, count: int = 1000) -> report.Figures:
    """Accuracy and pointing game on ``count`` held-out scenes."""
    prepare = Preprocess()
    figures = report.Figures(CATEGORIES)
    for scenes in held_out(count):
        logits, maps = class_maps(net, torch.stack([prepare(drawn.image) for drawn in scenes]))
        for drawn, row, grids in zip(scenes, logits, maps, strict=True):
            figures.add_scores(row.numpy(), labels_of(drawn))
            for thing in drawn.objects:
                k = CATEGORIES.index(thing.name)
                figures.add_point(k, peak(grids[k], drawn.image.size), thing, drawn.image.size)
    return figures


def peak(grid: Tensor, size: tuple[int, int]) -> tuple[int, int]:
    """x and y of the highest point of a map (h, w) scaled up to a picture of ``size`` (width, height)."""
    full = nn.functional.interpolate(grid[None, None], size[::-1], mode="bicubic", align_corners=False)[0, 0]
    y, x = divmod(int(full.argmax()), size[0])
    return x, y


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m camwidget.demo.train", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=WEIGHTS.parent, help="folder for the weights and their README")
    parser.add_argument("--share", type=float, default=1.0, help="share of the scenes to train on, for a quick try")
    parser.add_argument("--threads", type=int, default=2, help="1 is the faster choice on a machine that is busy")
    parser.add_argument("--measure-only", action="store_true", help="train nothing: measure the weights that are there")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    weights = options.out / WEIGHTS.name
    if not options.measure_only:
        start = time.perf_counter()
        net = train(options.seed, options.share)
        run = report.Run(options.seed, options.share, options.threads, time.perf_counter() - start)
        save(net, weights, run.facts())
    # Measured on what is shipped: after the rounding to float16, loaded as a user loads it.
    figures, run = measure(load(weights)), report.Run.read(facts(weights))
    text = report.readme(figures, run, weights.stat().st_size, rounds(run.seed, run.share))
    (options.out / "README.md").write_text(text, encoding="utf-8")
    print(figures.table())
    print(f"trained in {run.seconds / 60:.1f} minutes; {weights} and README.md are written")


if __name__ == "__main__":
    main()
