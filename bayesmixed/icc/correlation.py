"""The correlation of two rows of one group as a function of where they are."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError
from bayesmixed.icc.values import icc_points
from bayesmixed.parameters import CovarianceParameters

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design

#: Values of a variable that are all shown; where it has more, as many evenly spaced ones.
MOST_VALUES = 12


def correlation_values(covariance: CovarianceParameters, rows: Array) -> Array:
    """``z_t' G z_s / sqrt(V(t) V(s))`` with ``V(t) = z_t' G z_t + sigma^2``, for all pairs of rows z.

    It is that of two different rows of one group: on the diagonal, of two rows at one t, stands ICC(t).
    Rows have weight 1.

    Parameters
    ----------
    covariance : CovarianceParameters
        Estimates, or draws with leading axes.
    rows : ndarray, shape (m, q)

    Returns
    -------
    ndarray, shape (..., m, m)

    Examples
    --------
    >>> covariance = CovarianceParameters(np.array([2.0, 1.0]), np.eye(2), np.array(1.0))
    >>> correlation_values(covariance, np.array([[1.0, 0.0], [1.0, 2.0]])).round(4)
    array([[0.8   , 0.5963],
           [0.5963, 0.8889]])
    """
    between = np.einsum("ak,...kl,bl->...ab", rows, covariance.G, rows)
    sd = np.sqrt(np.einsum("...aa->...a", between) + np.asarray(covariance.sigma)[..., None] ** 2)
    correlation: Array = between / (sd[..., :, None] * sd[..., None, :])
    return correlation


class Places(NamedTuple):
    """Values of one slope variable, and columns of Z there.

    Parameters
    ----------
    variable : str
    values : list
    rows : ndarray, shape (m, q)
    """

    variable: str
    values: list[Any]
    rows: Array


def places(design: "Design", at: Mapping[str, Any] | Sequence[Any] | None = None) -> Places:
    """Where correlations are asked for; other slope variables at their median or commonest level.

    Parameters
    ----------
    design : Design
    at : sequence of values, or dict from one variable to them, optional
        By default all values of the first slope variable; of more than 12 numbers, 12 evenly spaced ones.

    Raises
    ------
    PredictionError
        No random slope; several slope variables and no name; a name that has no slope.
    """
    variables = list(design.encoding.needed(["random"]))
    if not variables:
        raise PredictionError(
            "without random slopes all pairs of rows of a group have one correlation: it is the ICC, see icc()"
        )
    if at is None:
        at = {variables[0]: _all_values(design, variables[0])}
    elif not isinstance(at, Mapping):
        if len(variables) > 1:
            raise PredictionError(
                f"say which variable at is of, such as {{{variables[0]!r}: [0, 1]}}: slopes have "
                + ", ".join(variables)
            )
        at = {variables[0]: at}
    if len(at) != 1:
        raise PredictionError(f"correlations are shown along one variable, not along {len(at)}: {', '.join(at)}")
    ((name, wanted),) = at.items()
    values = [wanted] if np.ndim(wanted) == 0 else list(wanted)
    points = icc_points(design, {name: values})
    return Places(name, values, np.vstack([point.rows for point in points]))


def correlation_table(found: Places, values: Array) -> "pd.DataFrame":
    """A square table whose rows and columns are the values of the variable."""
    import pandas as pd

    index = pd.Index(found.values, name=found.variable)
    return pd.DataFrame(values, index=index, columns=index)


def _all_values(design: "Design", name: str) -> list[Any]:
    marks = [point.at[name] for point in icc_points(design) if point.at and name in point.at]
    if any(isinstance(mark, str) or not np.isreal(mark) for mark in marks):
        return marks
    if design.streamed is None:
        distinct = np.unique(design.frame[name].to_numpy(dtype=float))
        if len(distinct) <= MOST_VALUES:
            return list(distinct.tolist())
    return list(np.linspace(marks[0], marks[-1], MOST_VALUES).tolist())
