"""Table + Specification -> Design."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.design.blocks import blocks_of
from bayesmixed.design.cautions import cautions
from bayesmixed.design.checks import check
from bayesmixed.design.design import Design
from bayesmixed.design.groups import group_codes
from bayesmixed.encoding import Encoding
from bayesmixed.errors import DesignError
from bayesmixed.specification import Specification
from bayesmixed.table import model_frame

Functions = Mapping[str, Callable[..., Any]]


def build_design(
    specification: Specification,
    table: Any,
    weights: str | None = None,
    functions: Functions | None = None,
) -> Design:
    """Build the design of a specification on a table, or say in one line why it cannot be.

    Parameters
    ----------
    specification : Specification
    table : pandas, Polars or PyArrow table, or dict of columns
        Rows in any order; rows with a missing value in a used column are dropped and counted.
    weights : str, optional
        Column of prior weights w > 0: the residual variance of a row is sigma^2 / w.
    functions : mapping of str to callable, optional
        The user's own transformations, as given to `parse_formula`.

    Returns
    -------
    Design

    Raises
    ------
    TableError
        The table lacks a column or holds values that cannot be used.
    DesignError
        Formula and table together give no model that can be estimated.

    Examples
    --------
    >>> from bayesmixed.formula import parse_formula
    >>> table = {"y": [1.0, 2, 2, 5, 4, 7, 8], "t": [0, 1, 2, 0, 1, 0, 1], "g": list("aaabbcc")}
    >>> design = build_design(parse_formula("y ~ t + (1 | g)"), table)
    >>> design.Z.shape, design.fixed_labels, design.levels
    ((7, 3), ('Intercept', 't'), ('a', 'b', 'c'))
    """
    columns = [*specification.columns, *([weights] if weights is not None else [])]
    frame, rows, missing = model_frame(table, columns, labels=specification.only_groups)
    group, levels = group_codes(frame, specification.factor)
    encoding, encoded = Encoding.learn(specification, frame, functions)
    design = Design(
        specification=specification,
        response_name=specification.response_name,
        factor_name=specification.factor_name,
        y=encoded.y,
        X=encoded.X,
        Z_rows=encoded.Z_rows,
        group=group,
        levels=levels,
        offset=encoded.offset,
        weights=_weights(frame, weights),
        fixed=encoding.fixed.terms,
        random_terms=tuple(term for side in encoding.random for term in side.terms),
        blocks=blocks_of(specification, encoding.random),
        rows=rows,
        n_dropped=missing.n_rows,
        weights_name=weights,
        warnings=(),
        frame=frame,
        encoding=encoding,
        missing=missing.columns,
    )
    check(design)
    _freeze(design)
    return replace(design, warnings=tuple(cautions(design)))


def _freeze(design: Design) -> None:
    for name in ("y", "X", "Z_rows", "group", "offset", "weights", "rows"):
        getattr(design, name).flags.writeable = False


def _weights(frame: pd.DataFrame, name: str | None) -> np.ndarray:
    if name is None:
        return np.ones(len(frame))
    return weights_of_rows(frame, name)


def weights_of_rows(frame: pd.DataFrame, name: str) -> np.ndarray:
    """The prior weights of rows, all of them positive."""
    values = frame[name]
    if values.dtype.kind not in "iuf":
        raise DesignError(f"the weights {name!r} are not numbers")
    weights: np.ndarray = values.to_numpy(dtype=float, copy=True)
    if (weights <= 0).any():
        count = int((weights <= 0).sum())
        raise DesignError(f"{count} of the weights {name!r} are not positive; leave such rows out of the table")
    return weights
