"""The benchmarks run and can be read; nothing here depends on how fast a machine is."""

import json
from dataclasses import replace

import pytest

from benchmarks.alone import peak_memory
from benchmarks.cases import REML, SCALE, STREAMED_ROWS, SUITES, Case, streamed
from benchmarks.measure import Outcome, in_turns
from benchmarks.peers.ours import Ours
from benchmarks.render import render, write_between_marks
from benchmarks.shown import plain, seconds
from benchmarks.suite import differences, facts, run_suite
from benchmarks.verdicts import all_verdicts, failures, verdict_table, verdicts

SLEEPSTUDY = replace(next(case for case in REML if case.name == "sleepstudy"), target=None)


class Other(Ours):
    """A second contestant that finds something else."""

    name = "other"

    def prepare(self, task, table, formula):
        run = super().prepare(task, table, formula)

        def wrong() -> Outcome:
            outcome = run()
            return Outcome(outcome.seconds, outcome.answer | {"criterion": outcome.answer["criterion"] - 1.0})

        return wrong


class Absent(Ours):
    name = "absent"

    def missing(self):
        return "it is not installed"


class Slow(Ours):
    name = "slow"
    most_rows = 10
    too_slow = "it takes a day"


@pytest.fixture(scope="module")
def found():
    return run_suite([SLEEPSTUDY], [Ours(), Other(), Absent(), Slow()], budget=0.0)


def test_every_package_has_its_turns(found):
    (case,) = found["cases"]
    assert {name: result["rounds"] for name, result in case["results"].items()} == {"bayesmixed": 5, "other": 5}
    assert case["left_out"] == {"slow": "it takes a day"}
    assert found["absent"] == {"absent": "it is not installed"}
    assert case["results"]["bayesmixed"]["answer"]["criterion"] == pytest.approx(1743.628271958, abs=1e-6)


def test_what_was_found_is_json(found):
    assert json.loads(json.dumps(found)) == found


def test_another_answer_is_a_failure(found):
    (text,) = failures(found)
    assert "other found something else" in text


def test_a_package_that_stops_above_our_minimum_is_named_and_is_no_failure(found):
    case = found["cases"][0]
    result = case["results"]["other"]
    far = differences(SLEEPSTUDY, {"criterion": 1745.0}, {"criterion": 1743.6})
    found = found | {"cases": [case | {"results": case["results"] | {"other": result | {"differences": far}}}]}
    assert failures(found) == []
    assert "**not at the minimum**: criterion +1e+00" in render(found)


def test_a_missed_target_is_a_failure(found):
    case = found["cases"][0] | {"target": 1e-9}
    assert "wanted ≤ 0.00 ms" in failures(found | {"cases": [case]})[0]
    assert "**not met**" in render(found | {"cases": [case]})


def test_the_table_has_a_row_for_each_package(found):
    text = render(found)
    rows = [line for line in text.splitlines() if line.startswith("|")][2:4]
    assert [row.split("|")[2].strip() for row in rows] == ["bayesmixed", "other"]
    assert len({row.count("|") for row in rows}) == 1
    assert "**differs**: criterion -1e+00" in rows[1]
    assert "absent was left out: it is not installed." in text


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- reml -->\nold \\1\n<!-- end of reml -->\nafter\n")
    write_between_marks(page, "reml", "new \\2")
    assert page.read_text() == "before\n<!-- reml -->\nnew \\2\n<!-- end of reml -->\nafter\n"
    with pytest.raises(ValueError, match="has no <!-- other -->"):
        write_between_marks(page, "other", "")


def test_turns_rotate():
    order = []

    def run(name):
        def once() -> Outcome:
            order.append(name)
            return Outcome(1.0)

        return once

    in_turns({name: run(name) for name in "abc"}, budget=0.0, fewest=3)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"


def test_a_turn_ends_where_what_it_says_is_shorter_than_what_it_takes(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("benchmarks.measure.time.perf_counter", lambda: float(next(clock)))
    runs = []
    in_turns({"one": lambda: runs.append(1) or Outcome(1e-6)}, budget=0.0, fewest=2)
    assert len(runs) == 1 + 2


def test_answers_without_a_common_number_are_not_compared():
    case = Case("name", "title", "task")
    assert differences(case, {"Days": 1.0}, {"criterion": 2.0}) == {"compared": 0, "agrees": None}


@pytest.mark.parametrize(
    ("value", "shown"), [(0.00123, "1.23 ms"), (0.0456, "45.6 ms"), (0.789, "789 ms"), (17.14, "17.1 s")]
)
def test_seconds(value, shown):
    assert seconds(value) == shown


class Drawing(Ours):
    """Draws 4,000 effective draws in a second, or fewer in longer."""

    def __init__(self, name, seconds, effective):
        self.name, self.outcome = name, Outcome(seconds, {"slope": 1.0}, effective)

    def prepare(self, task, table, formula):
        return lambda: self.outcome


def test_effective_draws_a_second_are_compared():
    case = Case("name", "title", "sample", times={"slow": 60.0, "slower": 60.0})
    everyone = [Drawing("ours", 1.0, 4000.0), Drawing("slow", 10.0, 1000.0), Drawing("slower", 50.0, 1000.0)]
    found = run_suite([case], everyone, budget=0.0)
    results = found["cases"][0]["results"]
    assert [results[name]["ours_is_times"] for name in ("ours", "slow", "slower")] == [1.0, 40.0, 200.0]
    (text,) = failures(found)
    assert text == "title: ESS a second, times that of slow: 40, wanted ≥ 60"
    rows = [line for line in render(found).splitlines() if line.startswith("|")][:5]
    assert len({row.count("|") for row in rows}) == 1
    assert rows[3].endswith("| 1000 | 100 | 40 | 60 (**not met**) |")
    assert rows[4].endswith("| 1000 | 20 | 200 | 60 (met) |")


CASE = Case(
    *("name", "title", "task"),
    target=2.0,
    times={"peer": 60.0},
    share={"peer": 0.5},
    at_most={"peak memory, GiB": 4.0},
    at_least={"rows a second": 2e6},
)
OURS = {"median": 3.0, "measures": {"peak memory, GiB": 1.0, "rows a second": 1e6}}
PEER = {"median": 6.0, "ours_is_times": 61.0, "times_ours": 2.0, "measures": {}}


def test_every_kind_of_target_has_a_verdict():
    found = verdicts(facts(CASE) | {"results": {"ours": OURS, "peer": PEER}})
    assert [(v.wanted, v.found, v.word) for v in found] == [
        ("≤ 2.00 s", "3.00 s", "**not met**"),
        ("≤ 4", "1", "met"),
        ("≥ 2,000,000", "1,000,000", "**not met**"),
        ("≥ 60", "61", "met"),
        ("≤ 0.5", "0.5", "met"),
    ]
    assert verdict_table(found).splitlines()[2] == "| title | ≤ 2.00 s | 3.00 s | **not met** |"


def test_what_was_not_measured_is_no_success():
    found = verdicts(facts(CASE) | {"results": {}})
    assert [v.word for v in found] == ["not measured"] * 5
    alone = verdicts(facts(CASE) | {"results": {"ours": OURS}})
    assert [v.word for v in alone] == ["**not met**", "met", "**not met**", "not measured", "not measured"]


def test_a_case_that_breaks_leaves_the_others(found):
    class Breaks(Ours):
        def prepare(self, task, table, formula):
            raise RuntimeError("no memory")

    broken = run_suite([CASE], [Breaks()], budget=0.0)
    assert broken["cases"][0]["results"] == {}
    assert "title ended with RuntimeError('no memory')" in failures(broken)
    assert "not measured" in render(broken)


def test_targets_of_all_suites_stand_in_one_table():
    kept = {"one": {"cases": [facts(CASE) | {"results": {"ours": OURS, "peer": PEER}}]}}
    found = list(all_verdicts({"one": [facts(CASE)], "two": [facts(CASE)]}, kept))
    assert [v.met is None for v in found] == [False] * 5 + [True] * 5


def test_names_of_cases_are_unique():
    for cases in SUITES.values():
        assert len({case.name for case in cases}) == len(cases)


def test_only_the_streamed_table_has_other_rows():
    changed = [streamed(case, 10**8).task for case in SCALE]
    assert [task for task, case in zip(changed, SCALE, strict=True) if task != case.task] == [
        "stream 100000000 10000"
    ]
    assert STREAMED_ROWS == 10**7


def test_peak_memory_grows_with_what_is_used():
    import numpy as np

    before = peak_memory()
    values = np.ones(2**25)  # 0.25 GiB
    assert peak_memory() >= min(before, 0.25) > 0.0
    assert values.nbytes / 2**30 == 0.25


@pytest.mark.parametrize(("value", "shown"), [(1234567.0, "1,234,567"), (0.01234, "0.0123"), (61.04, "61")])
def test_plain_numbers(value, shown):
    assert plain(value) == shown


@pytest.mark.slow
@pytest.mark.parametrize("task", ["big reml 300 5", "gradient groups 40 80", "stream 5000 50"])
def test_large_tables_in_a_process_of_their_own(task):
    from benchmarks.peers.ours_scale import OursScale

    outcome = OursScale().prepare(task, None, "y ~ t + (t | g)")()
    assert outcome.seconds > 0.0
    assert all(value == value for value in outcome.measures.values())
