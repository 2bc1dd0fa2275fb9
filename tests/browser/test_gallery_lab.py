"""A gallery in a real notebook, with a real kernel: pictures come, an item opens as a full widget, Escape goes back."""

from __future__ import annotations

from lab import Notebook
from playwright.sync_api import expect

CELLS = (
    (
        "import torch\n"
        "from torch import nn\n"
        "from camwidget import CamGallery\n"
        "torch.manual_seed(0)\n"
        "ends = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)\n"
        "model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), *ends)\n"
        "x, y = torch.rand(60, 3, 32, 32), torch.arange(60) % 4"
    ),
    "g = CamGallery(model, (x, y), labels=['fox', 'owl', 'elk', 'cod'])\ng",
)


def test_an_item_opens_in_full_and_closes_again(notebook: Notebook) -> None:
    notebook.show(*CELLS)
    root = notebook.page.locator(".gallery")
    root.wait_for()
    notebook.until_value("g.scored", 60)
    losses = notebook.value("[float(loss) for loss in g.frame['loss']]")
    worst = max(range(60), key=losses.__getitem__)
    tile = root.locator(f'[data-item="{worst}"]')
    expect(tile).to_have_count(1)
    notebook.until(lambda: tile.locator(".g-map:visible").count(), "its picture")
    tile.click()
    notebook.until_value("g.opened", worst)
    full = root.locator(".g-child .camwidget")
    full.wait_for()
    expect(full.locator('[role="listbox"]').first).to_be_visible()
    notebook.until_value("g.widget.index", worst)
    full.get_by_role("option").nth(1).click()
    notebook.until(lambda: notebook.value("g.widget.target != int(model(x[g.opened][None]).argmax())"), "a click")
    notebook.page.keyboard.press("Escape")
    root.locator(".g-grid").focus()
    notebook.page.keyboard.press("Escape")
    notebook.until_value("g.opened", None)
    expect(full).to_be_hidden()
