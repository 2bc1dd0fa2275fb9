"""The panel that looks inside has a formula for each variant with weights, and a sentence for each of the others."""

from __future__ import annotations

import re
from pathlib import Path

from camwidget import VARIANTS

SCRIPT = Path(__file__).resolve().parents[2] / "js" / "src" / "lib" / "methods.js"


def keys(table: str) -> set[str]:
    text = SCRIPT.read_text(encoding="utf-8")
    (block,) = re.findall(rf"export const {table} = Object\.freeze\(\{{\n(.*?)\n\}}\);", text, flags=re.DOTALL)
    return {name.strip('"') for name in re.findall(r'^  ([\w"+]+):', block, flags=re.MULTILINE)}


def test_each_variant_is_explained_once():
    assert keys("METHODS") == {v.id for v in VARIANTS.values() if v.weights != "none"}
    assert keys("INSTEAD") == {v.id for v in VARIANTS.values() if v.weights == "none"}
