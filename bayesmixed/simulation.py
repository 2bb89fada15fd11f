"""Specification + known parameters -> table: data whose truth is known."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.design import Design, build_design
from bayesmixed.errors import DesignError
from bayesmixed.formula import parse_formula
from bayesmixed.parameters import CovarianceParameters, ParameterNames, find_name
from bayesmixed.seeds import seed_sequence
from bayesmixed.table import model_frame

if TYPE_CHECKING:
    import pandas as pd


def simulate(
    formula: str,
    table: Any,
    params: Mapping[str, Any],
    *,
    weights: str | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    random_seed: Any = None,
) -> "pd.DataFrame":
    """Draw the response of a mixed model, ``y = X beta + Z b + offset + e``, with known parameters.

    Parameters
    ----------
    formula : str
        Its response must be a plain column name; the table need not have that column.
    table : pandas, Polars or PyArrow table, or dict of columns
        Predictors and groups.
    params : mapping
        Coefficients, sd, correlations and sigma by the names of the DataTree, in the user's coding:
        ``{"Intercept": 250, "Days": 10, "1|Subject_sigma": 25, "Days|Subject_sigma": 6, "sigma": 25}``.
        Vectors and matrices may be given by their entries, as tables label them: ``"Type[T2]"``,
        ``"Subject_corr[Intercept,Days]"``. Correlations that are not given are zero.
    weights : str, optional
        Column of prior weights w: the residual variance of a row is ``sigma^2 / w``.
    functions : mapping, optional
        The user's own transformations.
    random_seed : int, SeedSequence or Generator, optional

    Returns
    -------
    pandas.DataFrame
        The used columns of the table with the response, rows with missing values dropped.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> table = {"t": [0, 1, 2] * 4, "g": ["a"] * 3 + ["b"] * 3 + ["c"] * 3 + ["d"] * 3}
    >>> truth = {"Intercept": 10.0, "t": 1.0, "1|g_sigma": 2.0, "sigma": 0.5}
    >>> bm.simulate("y ~ t + (1 | g)", table, truth, random_seed=1).shape
    (12, 3)
    """
    specification = parse_formula(formula, functions or ())
    name = specification.response_name
    if name not in specification.columns:
        raise DesignError(f"the response {name!r} is a transformation: simulate a plain column instead")
    columns = [c for c in specification.columns if c != name] + ([weights] if weights else [])
    frame, _, _ = model_frame(table, list(dict.fromkeys(columns)), labels=specification.only_groups)
    frame = frame.assign(**{name: np.arange(len(frame), dtype=float)})
    design = build_design(specification, frame, weights=weights, functions=functions)
    names = ParameterNames.of(design)
    params = _gathered(names, params)
    _check_names(names, params)
    rng = np.random.default_rng(seed_sequence(random_seed))
    y = simulate_response(design, coefficients(names, params), names.covariance(params), rng)
    return frame.assign(**{name: y})


def coefficients(names: ParameterNames, params: Mapping[str, Any]) -> Array:
    """beta in the order of the columns of X from a mapping by names of the DataTree."""
    beta = np.empty(sum(len(p.columns) for p in names.fixed))
    for parameter in names.fixed:
        key = find_name(parameter.name, params)
        if key is None:
            raise DesignError(f"the parameters lack {parameter.name!r}; they have {', '.join(map(str, params))}")
        try:
            value = np.asarray(params[key], dtype=float)
        except (TypeError, ValueError):
            raise DesignError(f"{parameter.name!r} must be a number, not {params[key]!r}") from None
        shape = () if parameter.dim is None else (len(parameter.columns),)
        if value.shape not in (shape, ()) or not np.isfinite(value).all():
            raise DesignError(f"{parameter.name!r} must be {len(parameter.columns)} finite numbers")
        beta[list(parameter.columns)] = value
    return beta


def simulate_response(
    design: Design, beta: Array, covariance: CovarianceParameters, rng: np.random.Generator
) -> Array:
    """One draw of y for the rows of a design, shape (N,)."""
    b = simulate_effects(design.n_groups, covariance.G, rng)
    return simulate_rows(design, beta, b, covariance.sigma, rng)


def simulate_effects(groups: int, G: Array, rng: np.random.Generator) -> Array:
    """``b ~ N(0, G)`` of some groups, shape (groups, q); G may be singular."""
    eigenvalues, vectors = np.linalg.eigh(G)
    root = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    return rng.standard_normal((groups, len(G))) @ root.T


def simulate_rows(design: Design, beta: Array, b: Array, sigma: Array, rng: np.random.Generator) -> Array:
    """``y = X beta + Z b + offset + e``, shape (N,)."""
    noise = sigma * rng.standard_normal(design.n_obs) / np.sqrt(design.weights)
    return design.mean(beta, b) + noise


def _gathered(names: ParameterNames, params: Mapping[str, Any]) -> dict[str, Any]:
    """Entries that go by the labels of tables put into the vectors and the matrix that they belong to."""
    found = {str(key): value for key, value in params.items()}
    for parameter in (*names.fixed, *names.sd):
        given = _taken(found, parameter.labels, parameter.name) if parameter.dim is not None else {}
        lacking = [label for label in parameter.labels if label not in given]
        if given and lacking:
            raise DesignError(f"the parameters lack {lacking[0]!r}; they have {', '.join(map(str, params))}")
        if given:
            found[parameter.name] = [given[label] for label in parameter.labels]
    places = {f"{names.corr}[{names.random_labels[i]},{names.random_labels[j]}]": (i, j) for i, j in _pairs(names)}
    given = _taken(found, places, names.corr)
    if given:
        corr = np.eye(len(names.random_labels)).tolist()
        for label, value in given.items():
            i, j = places[label]
            corr[i][j] = corr[j][i] = value
        found[names.corr] = corr
    return found


def _pairs(names: ParameterNames) -> list[tuple[int, int]]:
    return list(combinations(range(len(names.random_labels)), 2))


def _taken(found: dict[str, Any], labels: Iterable[str], whole: str) -> dict[str, Any]:
    """Take the entries of one vector or matrix out of what was given."""
    keys = {label: find_name(label, found) for label in labels}
    taken = {label: found.pop(key) for label, key in keys.items() if key is not None}
    if taken and find_name(whole, found) is not None:
        raise DesignError(f"{whole!r} is given whole and by its entry {next(iter(taken))!r}: give one of them")
    return taken


def _check_names(names: ParameterNames, params: Mapping[str, Any]) -> None:
    for given in params:
        if find_name(str(given), names.all_names) is None:
            nearest = get_close_matches(str(given), names.all_names, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise DesignError(f"no parameter {given!r}; there are {', '.join(names.all_names)}{hint}")
