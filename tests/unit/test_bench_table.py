from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.benchmarks import table
from tests.benchmarks.results import Results, exponent

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks.json"


def test_the_readme_shows_the_committed_results(tmp_path: Path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count(table.BEGIN) == readme.count(table.END) == 1
    copy = tmp_path / "README.md"
    copy.write_text(readme, encoding="utf-8")
    table.put(copy, json.loads(RESULTS.read_text(encoding="utf-8")))
    assert copy.read_text(encoding="utf-8") == readme, "python -m tests.benchmarks.table"


def test_the_results_name_no_host():
    about = json.loads(RESULTS.read_text(encoding="utf-8"))["about"]
    assert set(about["machine"]) == {"cpu", "cores", "threads", "ram", "os", "load before", "gpu"}
    assert {"python", "torch", "captum", "grad-cam", "torchcam"} <= set(about["versions"])


def test_whether_a_bar_is_met_follows_from_its_figure():
    for case in json.loads(RESULTS.read_text(encoding="utf-8"))["cases"]:
        for bar in case.get("bars", []):
            # figures are rounded to four digits, so one at the very limit may be on either side
            if abs(bar["found"] - bar["limit"]) > 1e-3 * abs(bar["limit"]):
                assert bar["met"] == (
                    bar["found"] < bar["limit"] if bar["sense"] == "<=" else bar["found"] > bar["limit"]
                )


def filled() -> Results:
    results = Results()
    for model, ms in (("A", 1.0), ("B", 2.0)):
        case = results.case("class switch", model, at="last")
        case.figures.update({"camwidget": ms, "by hand": 1.0, "captum": 300.0})
        results.assert_bar(case, "captum / camwidget", 300 / ms, at_least=100)
    return results


def test_a_missed_bar_fails_is_kept_and_printed_bold():
    results = filled()
    case = results.case("record", "A")
    with pytest.raises(AssertionError, match=r"record, A: camwidget / bare: 1\.25, bar <= 1\.1"):
        results.assert_bar(case, "camwidget / bare", 1.25, at_most=1.1)
    about = {
        "date": "2026-01-01",
        "machine": {"cpu": "c", "cores": 2, "threads": 2, "ram": "1 GiB", "os": "o", "load before": 0.1, "gpu": None},
        "versions": {"torch": "2"},
    }
    results.growth("record", "side", "A", {1: 3.0, 2: 12.0, 4: 48.0})
    text = table.tables(results.plain(about))
    assert "| record, A: camwidget / bare | **1.25** | ≤ 1.1 |" in text
    assert "| A, `last` | **1** | 1 | 300 (300 x) | – | – |" in text
    assert re.search(r"\| class switch: nearest library / camwidget \| ≥ 100 \| 300 \| 150 \|", text)
    assert "| record | 2.00 |" in text


def test_the_exponent_is_the_slope_in_log_log():
    assert exponent([10, 100, 1000], [1.0, 10.0**0.5, 10.0]) == pytest.approx(0.5)


def test_a_bar_has_a_limit():
    results = Results()
    with pytest.raises(ValueError, match="limit"):
        results.assert_bar(results.case("a", "b"), "c", 1.0)


def test_a_part_that_is_run_later_leaves_the_rest_and_has_its_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.json"
    before = filled()
    before.assert_bar(before.case("bundle", "", unit="kB"), "widget.js, kB", 54.0, at_most=80)
    before.growth("record", "side", "A", {1: 3.0, 2: 12.0})
    before.write(path, {"date": "2026-01-01"})
    later = Results()
    with pytest.raises(AssertionError, match="MISSED"):
        later.assert_bar(later.case("bundle", "", unit="kB"), "widget.js, kB", 96.5, at_most=80)
    # one of the tests that fill this case, and all of those that fill the other
    later.case("class switch", "A", at="last").figures["captum"] = 200.0
    whole = later.case("class switch", "B", at="last")
    whole.figures.update({"camwidget": 1.0, "by hand": 1.0, "captum": 250.0})
    later.assert_bar(whole, "captum / camwidget", 250.0, at_least=100)
    later.growth("record", "side", "A", {1: 3.0, 2: 3.0})
    about = later.join(path, "2026-02-02")
    later.write(path, about)
    said = capsys.readouterr().out
    assert "class switch, A: measured in part only" in said and "switch, B" not in said and "costs grow" in said
    found = json.loads(path.read_text(encoding="utf-8"))
    assert (found["about"], [growth["exponent"] for growth in found["growth"]]) == ({"date": "2026-01-01"}, [2.0])
    assert [(one["case"], one["model"], one.get("date")) for one in found["cases"]] == [
        ("class switch", "A", None), ("class switch", "B", "2026-02-02"), ("bundle", "", "2026-02-02"),
    ]  # fmt: skip
    assert found["cases"][0]["figures"] == {"camwidget": 1.0, "by hand": 1.0, "captum": 300.0}
    assert "| bundle: widget.js, kB | **96.5** (2026-02-02) |" in table._single(found["cases"])
    bars = table._bars(found["cases"])
    assert "| class switch: nearest library / camwidget | ≥ 100 | 300 | 250 (2026-02-02) |" in bars
    clicks = table._clicks(found["cases"][:2])
    assert "| A, `last` | **1** | 1 | 300 (300 x)" in clicks
    assert "| B, `last` (2026-02-02) | **1** | 1 | 250 (250 x)" in clicks


def test_a_case_without_one_of_its_bars_is_measured_in_part(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    filled().write(path, {"date": "2026-01-01"})
    later = Results()
    later.case("class switch", "A", at="last").figures.update({"camwidget": 2.0, "by hand": 2.0, "captum": 2.0})
    later.join(path, "2026-02-02")
    assert later.cases["class switch", "A"].figures["captum"] == 300.0
    assert later.cases["class switch", "A"].bars and later.cases["class switch", "A"].date is None
