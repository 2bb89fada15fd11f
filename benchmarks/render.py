"""Tables in Markdown from what a run found."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    parts += _notes(found)
    if found.get("cold_start"):
        parts.append(_cold_start(found["cold_start"]))
    return "\n\n".join(parts)


def write_between_marks(path: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- end of name -->`` in a file."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", flags=re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"{path.name} has no {start} ... {end}")
    path.write_text(pattern.sub(lambda _: f"{start}\n{text}\n{end}", page, count=1), encoding="utf-8")


def seconds(value: float) -> str:
    """Three digits, in the unit that suits: ``1.20 ms``, ``17.1 s``."""
    scale, unit = (1.0, "s") if value >= 1.0 else (1e3, "ms")
    shown = value * scale
    return f"{shown:.{0 if shown >= 100 else 1 if shown >= 10 else 2}f} {unit}"


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
    missed = " (**missed**)" if wanted and ratio and ratio < wanted else ""
    shown = "1" if ours else f"{ratio:.3g}"
    return [f"{result['effective']:.0f}", f"{rate:.0f}", shown, f"{wanted:g}{missed}" if wanted else ""]


def _times_ours(result: Mapping[str, Any], ours: bool) -> str:
    """Nothing where the answer is another one: such a time does not count."""
    if ours:
        return "1"
    return "" if result["differences"]["agrees"] is False else f"{result['times_ours']:.3g}"


def _met(case: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    return "" if result["median"] <= case["target"] else " (**missed**)"


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


def _cold_start(steps: Mapping[str, float]) -> str:
    rows = [f"| {name} | {seconds(value)} |" for name, value in steps.items()]
    head = ["Where the time of `bayesmixed reml` from the shell goes:", "", "| step | median |", "|---|--:|"]
    return "\n".join([*head, *rows, f"| all | {seconds(sum(steps.values()))} |"])
