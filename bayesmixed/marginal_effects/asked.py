"""Contrasts as the user asks for them: of means or of slopes, within the cells of other variables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayesmixed.marginal_effects.combinations import Combinations, means, slopes
from bayesmixed.marginal_effects.comparisons import compare
from bayesmixed.marginal_effects.grid import names_in

if TYPE_CHECKING:
    from bayesmixed.design import Design


def contrasts_asked(
    design: "Design",
    variables: str | Sequence[str],
    method: Any,
    by: str | Sequence[str],
    at: Mapping[str, Any] | None,
    weights: str,
    slope: str | None,
) -> tuple[Combinations, int]:
    """The contrasts, and how many levels of their index are those of `by`."""
    groups = names_in(by)
    names = (*groups, *names_in(variables))
    cells = means(design, names, at, weights) if slope is None else slopes(design, slope, names, at, weights)
    return compare(cells, method, len(groups)), len(groups)
