"""Tables of docs/truth.md: a summary, and the largest differences of every model."""

from collections.abc import Iterable

from proof.truth.numbers import Number, worst

#: Random effects by the hundred: their tables show the furthest off only.
MANY = ("random effect",)


def summary(numbers: Iterable[Number]) -> str:
    """One line a package and kind of number."""
    lines = ["| from | what | numbers | largest difference | where | tests accept |", "|---|---|---|---|---|---|"]
    for (source, kind), own in _by(numbers, "source", "kind").items():
        far = worst(own)
        where = f"{far.model}{f', {far.label}' if far.label else ''}"
        lines.append(
            f"| {source} | {kind} | {len(own)} | {_told(far)} | {_escaped(where)} | {_of(far.tolerance, far)} |"
        )
    return "\n".join(lines)


def tables(numbers: Iterable[Number]) -> str:
    """Every number of every model, but of random effects the furthest off of each term."""
    sections = []
    for (model,), own in _by(numbers, "model").items():
        lines = [f"### {model}", "", "| what | | theirs | ours | difference |", "|---|---|---|---|---|"]
        for (kind, source), some in _by(own, "kind", "source").items():
            shown = [worst(some)] if kind in MANY or (kind == "posterior mean" and len(some) > 12) else some
            for one in shown:
                most = f", furthest off of {len(some)}" if len(shown) < len(some) else ""
                label = _escaped(f"{one.label}{most}")
                lines.append(f"| {kind} ({source}) | {label} | {one.theirs:.9g} | {one.ours:.9g} | {_told(one)} |")
        sections.append("\n".join(lines))
    return "\n\n".join(sections)


def _by(numbers: Iterable[Number], *keys: str) -> dict[tuple[str, ...], list[Number]]:
    found: dict[tuple[str, ...], list[Number]] = {}
    for one in numbers:
        found.setdefault(tuple(getattr(one, key) for key in keys), []).append(one)
    return found


def _told(one: Number) -> str:
    return _of(one.difference, one)


def _of(difference: float, one: Number) -> str:
    return f"{difference:.1f} standard errors" if one.kind == "posterior mean" else f"{difference:.0e}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
