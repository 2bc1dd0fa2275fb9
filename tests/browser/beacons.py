"""A network and a picture of which everything is known: six discs, each of one colour, and a class for each.

The kernel imports it. Channel i of every layer answers to colour i alone, so the map of class "red" peaks on the red
disc and is negative on the cyan one. Nine classes are listed, in a known order; "absence" is negative
wherever it looks.
"""

from __future__ import annotations

import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

WIDTH, HEIGHT = 144, 96
GRID = (12, 18)
RADIUS = 14

# name: colour, and the cell (row, column) of the last grid at whose centre it is strongest
DISCS = {
    "red": ((255, 0, 0), (3, 3)),
    "green": ((0, 255, 0), (3, 8)),
    "blue": ((0, 0, 255), (3, 14)),
    "yellow": ((255, 255, 0), (8, 3)),
    "magenta": ((255, 0, 255), (8, 8)),
    "cyan": ((0, 255, 255), (8, 14)),
}
LABELS = (*DISCS, "warm", "cold", "bright", "amber", "zebra crossing", "dusk", "absence", "anything")

# rows: weights of the channels red, green, blue, yellow, magenta, cyan, brightness, constant
WEIGHTS = (
    (40, 0, 0, 0, 0, -20, 0, 0),
    (0, 40, 0, 0, -20, 0, 0, 0),
    (0, 0, 40, -20, 0, 0, 0, 0),
    (0, 0, -20, 40, 0, 0, 0, 0),
    (0, -20, 0, 0, 40, 0, 0, 0),
    (-20, 0, 0, 0, 0, 40, 0, 0),
    (20, -8, -8, 20, 20, -8, 0, 0),
    (-8, 20, 20, -8, -8, 20, 0, 0),
    (0, 0, 0, 0, 0, 0, 12, 0),
    (4, -30, -30, 30, -30, -30, 0, 0),
    (-9, -9, 30, -9, -9, -9, 0, 0),
    (9, -9, -9, -9, 9, -9, 0, 0),
    (-9, -9, -9, -9, -9, -9, -2, -2),
    (1, 1, 1, 1, 1, 1, 1, 1),
)
SCORES = (6.0, 5.7, 5.4, 5.1, 4.8, 4.5, 4.2, 3.9, 3.6, 2.0, 1.8, 1.6, 1.4, 1.2)

# 1x1 filters on RGB, and their biases: each of the first six is above zero for its own colour only
FILTERS = ((1, -1, -1), (-1, 1, -1), (-1, -1, 1), (1, 1, -2), (1, -2, 1), (-2, 1, 1), (0.5, 0.5, 0.5), (0, 0, 0))
BIASES = (0, 0, 0, -1, -1, -1, 0, 0.2)


class Beacons(nn.Module):
    """Grids of 48x72, 24x36 and 12x18 cells, then a pooled linear head."""

    def __init__(self) -> None:
        super().__init__()
        count = len(FILTERS)
        self.early = nn.Sequential(nn.Conv2d(3, count, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.middle = nn.Sequential(nn.Conv2d(count, count, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.late = nn.Sequential(nn.Conv2d(count, count, 1), nn.ReLU(), nn.AvgPool2d(2))
        self.head = nn.Linear(count, len(LABELS))
        with torch.no_grad():
            self.early[0].weight.copy_(torch.tensor(FILTERS)[:, :, None, None])
            self.early[0].bias.copy_(torch.tensor(BIASES))
            for conv in (self.middle[0], self.late[0]):
                conv.weight.copy_(torch.eye(count)[:, :, None, None])
                conv.bias.fill_(0.02)
            self.head.weight.copy_(torch.tensor(WEIGHTS))
            self.head.bias.zero_()
            self.head.bias.copy_(torch.tensor(SCORES) - self.eval()(read(picture())[None])[0])

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.late(self.middle(self.early(x))).mean((2, 3)))


def picture() -> Image.Image:
    """The six discs on a grey ground that is a little brighter to the right."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    for x in range(WIDTH):
        draw.line([(x, 0), (x, HEIGHT)], fill=(96 + x // 3,) * 3)
    for colour, (row, col) in DISCS.values():
        x, y = (col + 0.5) * WIDTH / GRID[1], (row + 0.5) * HEIGHT / GRID[0]
        for radius in range(RADIUS, 0, -1):
            pure = 1 - radius / (RADIUS + 1)
            fill = tuple(round(128 + pure * (value - 128)) for value in colour)
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)
    return image


def read(image: Image.Image) -> Tensor:
    """The picture as the network wants it: float, (3, H, W), 0 to 1."""
    data = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return data.view(image.height, image.width, 3).permute(2, 0, 1).float() / 255
