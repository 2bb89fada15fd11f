"""Whether a design of ours and a Bambi model say the same of the same rows."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import DesignError
from bayesmixed.parameters import Parameter, ParameterNames

if TYPE_CHECKING:
    from bayesmixed.design import Design


def check_same_model(design: "Design", model: Any) -> None:
    """Compare response, columns, offset, groups and their names with those of a `bambi.Model`.

    Two packages that read one formula may encode it differently: then priors would be put on other
    coefficients than they were meant for, and results would not fit the model that they are handed back to.

    Raises
    ------
    DesignError
        With the first term that differs.
    """
    component = model.parameters[model.family.likelihood.parent]
    names = ParameterNames.of(design)
    response = np.asarray(model.response_term.data, dtype=float).reshape(model.response_term.shape[0], -1)
    _check_equal(response[:, 0], design.y, model.response_term.name)
    common = {term.name: term for term in component.common_terms.values()}
    if component.intercept_term is not None:
        common["Intercept"] = component.intercept_term
    _check_terms(names.fixed, {name: term.data for name, term in common.items()}, design.X)
    _check_labels(names.fixed, common, "_dim")
    group = component.group_specific_terms
    _check_terms(names.effects, {name: term.predictor for name, term in group.items()}, design.Z_rows)
    _check_labels(names.effects, group, "__expr_dim")
    for name, term in group.items():
        _check_groups(design, name, term)
    offsets = [np.ravel(term.data) for term in component.offset_terms.values()]
    _check_equal(np.sum(offsets, axis=0) if offsets else np.zeros(design.n_obs), design.offset, "offset")


def _check_terms(parameters: tuple[Parameter, ...], theirs: dict[str, Any], columns: Array) -> None:
    ours = {parameter.name: columns[:, list(parameter.columns)] for parameter in parameters}
    for name in {**theirs, **ours}:
        if name not in ours or name not in theirs:
            who = "only bayesmixed has" if name in ours else "only Bambi has"
            raise DesignError(f"{who} the term {name!r}: the formula is not read alike, write it out")
        found = np.asarray(theirs[name], dtype=float)
        _check_equal(found.reshape(len(found), -1), ours[name], name)


def _check_labels(parameters: tuple[Parameter, ...], terms: dict[str, Any], suffix: str) -> None:
    """The coordinates of a vector of coefficients are those of Bambi, in the same order."""
    for parameter in parameters:
        coords = {dim: values for dim, values in terms[parameter.name].coords.items() if dim.endswith(suffix)}
        theirs = [str(value) for values in coords.values() for value in values]
        if theirs != [str(value) for value in parameter.coords]:
            raise DesignError(f"the levels of {parameter.name!r} are {list(parameter.coords)}, in Bambi {theirs}")


def _check_groups(design: "Design", name: str, term: Any) -> None:
    groups = tuple(str(group) for group in term.groups)
    empty = [group for group in groups if group not in set(design.levels)]
    if empty:
        raise DesignError(
            f"the group {empty[0]!r} of {name!r} has no rows, which Bambi keeps and bayesmixed leaves out: "
            "make a column of the groups that there are, and group by it"
        )
    if groups != tuple(design.levels):
        raise DesignError(f"the groups of {name!r} are not the same in Bambi and here, or in another order")
    if not np.array_equal(term.group_index, design.group):
        raise DesignError(f"the rows of {name!r} do not belong to the same groups in Bambi and here")


def _check_equal(theirs: Array, ours: Array, name: str) -> None:
    if theirs.shape != ours.shape:
        raise DesignError(
            f"{name!r} has the shape {theirs.shape} in Bambi and {ours.shape} here: rows were dropped, or levels "
            "read, differently"
        )
    scale = np.abs(ours).max(initial=0.0)
    if not np.allclose(theirs, ours, rtol=1e-9, atol=1e-12 * scale):
        raise DesignError(
            f"the column of {name!r} is not the same in Bambi and here: write the transformation out"
        )
