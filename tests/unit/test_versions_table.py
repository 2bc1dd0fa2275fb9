"""The page of versions shows the committed results, and what was not tried is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.marks import between
from tests.release import table
from tests.release.tools import commit_of, run

ROOT = Path(__file__).parents[2]


def test_the_page_shows_the_committed_results() -> None:
    known = json.loads((ROOT / "docs" / "versions.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    assert page.count(table.BEGIN) == 1
    assert between(page, table.BEGIN, table.END, table.page(known)) == page, "python -m tests.release.table"


def test_a_run_of_one_python_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "versions.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    table.record(tmp_path, "3.11", "newest", "7 passed", {"python": "3.11.7", "torch": "2.15.0"}, "1234abc")
    table.record(tmp_path, "3.10", "oldest", "1 failed, 6 passed, ended with 1", {"python": "3.10.1"}, "5678def-dirty")
    written = page.read_text(encoding="utf-8")
    assert "| 3.10 | **1 failed, 6 passed, ended with 1** | not tried |" in written
    assert "| 3.11 | not tried | 7 passed |" in written
    assert "| torch | – | 2.15.0 |" in written
    assert "| commit | 5678def-dirty | 1234abc |" in written
    assert written.startswith("before\n") and written.endswith("after\n") and "old\n" not in written


def test_a_row_of_before_commits_were_written_down_has_none() -> None:
    row = {"date": "2026-01-01", "found": "7 passed", "versions": {"python": "3.11.7"}}
    assert table.page({"3.11 newest": row}).endswith("| commit | – |\n")


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_a_commit_is_dirty_by_any_change_but_of_the_table_itself(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("code.py", "docs/versions.md"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    named = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*named, "commit", "-q", "-m", "first"]):
        run(["git", *command], cwd=tmp_path)
    clean = run(["git", "rev-parse", "--short", "HEAD"], cwd=tmp_path).strip()
    (tmp_path / "docs" / "versions.md").write_text("new", encoding="utf-8")
    assert commit_of(tmp_path) == clean
    (tmp_path / "new.py").touch()
    assert commit_of(tmp_path) == f"{clean}-dirty"
