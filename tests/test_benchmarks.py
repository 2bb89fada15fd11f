"""The benchmarks run and can be read; nothing here depends on how fast a machine is."""

import json
from dataclasses import replace

import pytest

from benchmarks.cases import REML, Case
from benchmarks.measure import Outcome, in_turns
from benchmarks.peers.ours import Ours
from benchmarks.render import render, seconds, write_between_marks
from benchmarks.suite import differences, failures, run_suite

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
    assert "took" in failures(found | {"cases": [case]})[0]
    assert "**missed**" in render(found | {"cases": [case]})


def test_the_table_has_a_row_for_each_package(found):
    text = render(found)
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
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
    assert text == "title: 40 times the effective draws a second of slow, not 60"
    rows = [line for line in render(found).splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1
    assert rows[3].endswith("| 1000 | 100 | 40 | 60 (**missed**) |")
    assert rows[4].endswith("| 1000 | 20 | 200 | 60 |")
