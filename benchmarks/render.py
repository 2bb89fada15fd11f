"""Tables in Markdown from what a run found."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.shown import plain, seconds
from benchmarks.verdicts import verdict_table, verdicts

HEAD = [
    "| task | package | median | middle half | times ours | rounds | target | answer |",
    "|---|---|--:|--:|--:|--:|--:|---|",
]
#: Of suites that count draws: effective draws, a second, and how many times a package's ours gives.
DRAWS_HEAD = [
    f"{HEAD[0]} ESS | ESS/s | ours/its | target |",
    f"{HEAD[1]}--:|--:|--:|--:|",
]


def render(found: Mapping[str, Any]) -> str:
    """All tables of a run, with a line that says where they come from."""
    counted = any(result.get("effective") for case in found["cases"] for result in case["results"].values())
    rows = [row for case in found["cases"] for row in _rows(case, counted)]
    parts = [_source(found), "\n".join([*(DRAWS_HEAD if counted else HEAD), *rows])]
    parts += _notes(found) + _measures(found)
    parts += ["Targets:", verdict_table([verdict for case in found["cases"] for verdict in verdicts(case)])]
    parts += [_steps(table) for table in found.get("profiles", ())]
    return "\n\n".join(parts)


def write_between_marks(path: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- end of name -->`` in a file."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", flags=re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"{path.name} has no {start} ... {end}")
    path.write_text(pattern.sub(lambda _: f"{start}\n{text}\n{end}", page, count=1), encoding="utf-8")


def _source(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return (
        f"{found['date']}, {machine['processors']} processors ({machine['architecture']}, {machine['system']}), "
        f"BLAS threads: {machine['blas_threads']}. "
        f"{versions}; Python {machine['python']}, {libraries}."
    )


def _rows(case: Mapping[str, Any], counted: bool = False) -> list[str]:
    rows = []
    for place, (name, result) in enumerate(case["results"].items()):
        ours = place == 0
        half = " to ".join(seconds(value) for value in result["middle_half"])
        target = f"{seconds(case['target'])}{_met(case, result)}" if ours and case["target"] else ""
        cells = [
            case["title"] if ours else "",
            name,
            seconds(result["median"]),
            half,
            _times_ours(result, ours),
            str(result["rounds"]),
            target,
            "" if ours else _agreement(result["differences"]),
        ]
        if counted:
            cells += _draws(case, name, result, ours)
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _draws(case: Mapping[str, Any], name: str, result: Mapping[str, Any], ours: bool) -> list[str]:
    """Effective draws, those of a second, the ratio of ours to them, and what it should be."""
    if not result.get("effective"):
        return [""] * 4
    rate, ratio, wanted = result["effective"] / result["median"], result["ours_is_times"], case["times"].get(name)
    met = "" if not (wanted and ratio) else " (met)" if ratio >= wanted else " (**not met**)"
    shown = "1" if ours else f"{ratio:.3g}"
    return [f"{result['effective']:.0f}", f"{rate:.0f}", shown, f"{wanted:g}{met}" if wanted else ""]


def _times_ours(result: Mapping[str, Any], ours: bool) -> str:
    """Nothing where the answer is another one: such a time does not count."""
    if ours:
        return "1"
    return "" if result["differences"]["agrees"] is False else f"{result['times_ours']:.3g}"


def _met(case: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    return " (met)" if result["median"] <= case["target"] else " (**not met**)"


def _agreement(differences: Mapping[str, Any]) -> str:
    if differences["agrees"] is None:
        return ""
    wrong = "**not at the minimum**" if differences.get("above") else "**differs**"
    verdict = "agrees" if differences["agrees"] else wrong
    parts = []
    if "criterion" in differences:
        parts.append(f"criterion {differences['criterion']:+.0e}")
    if "others" in differences:
        parts.append(f"others {differences['others']:.0e}")
    return f"{verdict}: {', '.join(parts)}"


def _notes(found: Mapping[str, Any]) -> list[str]:
    notes = [f"{name} was left out: {reason}." for name, reason in found["absent"].items()]
    reasons = {name: reason for case in found["cases"] for name, reason in case["left_out"].items()}
    return notes + [f"{name} is left out of larger tables: {reason}." for name, reason in reasons.items()]


def _measures(found: Mapping[str, Any]) -> list[str]:
    """What else was measured, if anything was."""
    rows = [
        f"| {case['title']} | {measure} | {plain(value)} |"
        for case in found["cases"]
        for result in case["results"].values()
        for measure, value in result["measures"].items()
    ]
    head = ["| task | measure | median |", "|---|---|--:|"]
    return ["\n".join([*head, *rows])] if rows else []


def _steps(table: Mapping[str, Any]) -> str:
    """A table of steps, one column for each who took them, with sums where all are seconds."""
    if "error" in table:
        return f"{table['title']}: not measured."
    columns = table["columns"]
    steps = list(dict.fromkeys(step for column in columns.values() for step in column))
    rows = [
        f"| {step} | {' | '.join(_cell(column, step, table['unit']) for column in columns.values())} |"
        for step in steps
    ]
    sums = [seconds(sum(column.values())) for column in columns.values()]
    last = [f"| all | {' | '.join(sums)} |"] if table["adds_up"] else []
    head = f"| step | {' | '.join(columns)} |\n|---|{'--:|' * len(columns)}"
    return "\n".join([f"{table['title']}:", "", head, *rows, *last])


def _cell(column: Mapping[str, float], step: str, unit: str) -> str:
    if step not in column:
        return ""
    return seconds(column[step]) if unit == "seconds" else plain(column[step])
