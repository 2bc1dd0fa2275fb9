"""The page of versions shows the committed results, and what was not tried is said."""

from __future__ import annotations

import json
from pathlib import Path

from tests.release import table

ROOT = Path(__file__).parents[2]


def test_the_page_shows_the_committed_results() -> None:
    known = json.loads((ROOT / "docs" / "versions.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    assert page.count(table.BEGIN) == 1
    assert table.with_block(page, table.page(known)) == page, "python -m tests.release.table"


def test_a_run_of_one_python_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "versions.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    table.record(tmp_path, "3.11", "newest", "7 passed", {"python": "3.11.7", "torch": "2.15.0"})
    table.record(tmp_path, "3.10", "oldest", "1 failed, 6 passed, ended with 1", {"python": "3.10.1"})
    written = page.read_text(encoding="utf-8")
    assert "| 3.10 | **1 failed, 6 passed, ended with 1** | not tried |" in written
    assert "| 3.11 | not tried | 7 passed |" in written
    assert "| torch | – | 2.15.0 |" in written
    assert written.startswith("before\n") and written.endswith("after\n") and "old\n" not in written
