"""Targets and verdicts: what was wanted, what was found, and whether it is met."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.shown import plain, seconds

#: Where nothing was measured.
UNKNOWN = "not measured"


class Verdict(NamedTuple):
    """One target.

    Parameters
    ----------
    what, wanted, found : str
    met : bool or None
        None where nothing was measured.
    """

    what: str
    wanted: str
    found: str
    met: bool | None

    @property
    def word(self) -> str:
        return {True: "met", False: "**not met**", None: UNKNOWN}[self.met]


def verdicts(case: Mapping[str, Any]) -> list[Verdict]:
    """Of every target of a case, as `run_case` gives it; the first of its results is ours."""
    results = case["results"]
    own = next(iter(results.values()), None)
    found = []
    if case["target"] is not None:
        value = own and own["median"]
        found.append(_verdict(case["title"], value, case["target"], seconds))
    for name, most in case.get("at_most", {}).items():
        found.append(_verdict(f"{case['title']}: {name}", _measure(own, name), most, plain))
    for name, least in case.get("at_least", {}).items():
        found.append(_verdict(f"{case['title']}: {name}", _measure(own, name), least, plain, at_least=True))
    for peer, least in case.get("times", {}).items():
        what = f"{case['title']}: ESS a second, times that of {peer}"
        found.append(_verdict(what, results.get(peer, {}).get("ours_is_times"), least, plain, at_least=True))
    for peer, most in case.get("share", {}).items():
        ratio = results.get(peer, {}).get("times_ours")
        what = f"{case['title']}: time, times that of {peer}"
        found.append(_verdict(what, 1.0 / ratio if ratio else None, most, plain))
    return found


def failures(found: Mapping[str, Any]) -> list[str]:
    """Targets missed or not measured, and answers that put ours in doubt.

    An answer above our minimum is the other package's own affair.
    """
    texts = []
    for case in found["cases"]:
        texts += [f"{v.what}: {v.found}, wanted {v.wanted}" for v in verdicts(case) if not v.met]
        texts += [f"{case['title']} ended with {case['error']}"] if case.get("error") else []
        name = next(iter(case["results"]), "")
        texts += [
            f"{case['title']}: {peer} found something else than {name}: {result['differences']}"
            for peer, result in case["results"].items()
            if result["differences"]["agrees"] is False and not result["differences"].get("above")
        ]
    broken = [profile for profile in found.get("profiles", ()) if "error" in profile]
    return texts + [f"profile of {profile['title']} ended with {profile['error']}" for profile in broken]


def verdict_table(rows: Iterable[Verdict]) -> str:
    """In Markdown."""
    lines = [f"| {v.what} | {v.wanted} | {v.found} | {v.word} |" for v in rows]
    return "\n".join(["| target | wanted | found | verdict |", "|---|--:|--:|---|", *lines])


def all_verdicts(
    suites: Mapping[str, Iterable[Mapping[str, Any]]], kept: Mapping[str, Mapping[str, Any]]
) -> Iterator[Verdict]:
    """Of all suites, from the results that were kept; a case that was never run is not measured.

    Parameters
    ----------
    suites : mapping of str to iterable of dict
        By suite, the facts of its cases.
    kept : mapping of str to dict
        By suite, what `run_suite` found.
    """
    for suite, cases in suites.items():
        results = {case["name"]: case["results"] for case in kept.get(suite, {}).get("cases", ())}
        for case in cases:
            yield from verdicts(dict(case) | {"results": results.get(case["name"], {})})


def _verdict(what: str, value: float | None, limit: float, shown: Any, at_least: bool = False) -> Verdict:
    wanted = f"{'≥' if at_least else '≤'} {shown(limit)}"
    if value is None:
        return Verdict(what, wanted, UNKNOWN, None)
    return Verdict(what, wanted, shown(value), bool(value >= limit if at_least else value <= limit))


def _measure(own: Mapping[str, Any] | None, name: str) -> float | None:
    return own["measures"].get(name) if own and "measures" in own else None
