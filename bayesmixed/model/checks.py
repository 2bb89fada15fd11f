"""What is refused when a model is made or fitted, and what its user is told."""

from collections.abc import Mapping
from typing import Any

from bayesmixed.design import Design
from bayesmixed.errors import DesignError, SamplingError


def check_arguments(weights: Any, units: Any) -> None:
    """Refuse values where names of columns are wanted."""
    if weights is not None and not isinstance(weights, str):
        raise DesignError(f"weights must be the name of a column of the table, not {type(weights).__name__}")
    if units is not None and not isinstance(units, Mapping):
        raise DesignError(
            "units must be a dict by column, such as {'Reaction': 'ms', 'Days': 'd'}, "
            f"not {type(units).__name__}"
        )


def check_keep_groups(keep_groups: Any) -> None:
    if not (isinstance(keep_groups, bool) or (isinstance(keep_groups, str) and keep_groups == "auto")):
        raise SamplingError(f"keep_groups must be True, False or 'auto', not {keep_groups!r}")


def few_groups(design: Design) -> list[str]:
    """Warning of what a posterior from few groups rests on."""
    J, factor = design.n_groups, design.factor_name
    if J >= 5:
        return []
    return [
        f"{J} groups of {factor!r} say little about how groups differ: the sd between groups, and whatever rests "
        "on it, depends strongly on its prior; try others and report how much the results move"
    ]
