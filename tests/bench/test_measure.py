"""The benchmark's arithmetic: ratios are taken within a round, then their median; tables line up."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    """bench/measure.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("bench_measure", BENCH / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["bench_measure"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures_of(measure: ModuleType, **rounds: list[float]) -> object:
    return measure.Figures(dict(rounds))


def test_a_ratio_is_the_median_of_the_ratios_within_each_round(measure: ModuleType) -> None:
    """A round in which the machine was slow for both does not change the ratio, as a ratio of medians would."""
    figures = figures_of(measure, ours=[2.0, 30.0, 5.0], theirs=[1.0, 10.0, 1.0])
    assert figures.ratio("ours", "theirs") == 3.0
    assert figures.median("ours") == 5.0


def test_a_ratio_to_a_peer_without_figures_is_none(measure: ModuleType) -> None:
    """A peer that could not be measured leaves a dash, not a crash."""
    figures = figures_of(measure, ours=[2.0, 3.0])
    assert figures.ratio("ours", "theirs") is None
    assert figures.spread("ours", "theirs") is None


def test_the_spread_is_half_the_distance_between_the_quartiles(measure: ModuleType) -> None:
    """It is zero for a peer whose ratio never changes, and grows with the ratios' differences."""
    figures = figures_of(measure, steady=[2.0, 4.0, 8.0], wild=[1.0, 4.0, 12.0], base=[1.0, 2.0, 4.0])
    assert figures.spread("steady", "base") == 0.0
    assert figures.spread("wild", "base") == 1.0


def test_a_peer_that_fails_half_way_is_dropped(measure: ModuleType) -> None:
    """Its rounds would no longer be those of the others."""
    figures = measure.Figures()
    figures.add("ours", 1.0)
    figures.add("theirs", 2.0)
    figures.drop("theirs")
    figures.drop("never there")
    assert list(figures) == ["ours"]


def test_every_turn_begins_with_another_name(measure: ModuleType) -> None:
    """So nobody is always measured first."""
    assert [measure.rotated(["a", "b", "c"], turn) for turn in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


def test_a_verdict_says_what_was_promised_and_what_came_out(measure: ModuleType) -> None:
    """Reached at the limit itself, missed above it, and said when there is no figure."""
    figures = figures_of(measure, ours=[2.0], theirs=[1.0])
    targets = [
        measure.Target("ours", base, limit) for base, limit in [("theirs", 2.0), ("theirs", 1.99), ("none", 1.0)]
    ]
    assert measure.verdicts(targets, figures, "get: ") == [
        "reached: get: ours: 2.00 × theirs (target: at most 2.00)",
        "MISSED: get: ours: 2.00 × theirs (target: at most 1.99)",
        "not measured: get: ours: – × none (target: at most 1.00)",
    ]


def test_a_table_lines_up_and_fills_short_rows(measure: ModuleType) -> None:
    """It is Markdown, so that it can be pasted, and readable in a terminal."""
    assert measure.table(
        "peer", ["µs", "× base"], [["spruce", "7.1", "1.00"], ["other peer", "12.0"]]
    ).splitlines() == [
        "| peer       |   µs | × base |",
        "| :--------- | ---: | -----: |",
        "| spruce     |  7.1 |   1.00 |",
        "| other peer | 12.0 |        |",
    ]
