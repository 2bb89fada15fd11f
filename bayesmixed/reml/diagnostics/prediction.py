"""Predictions of a REML fit with their standard errors: observed groups, new groups, the population."""

from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError
from bayesmixed.moments.triangles import coded_columns
from bayesmixed.prediction.predict import KINDS, TARGETS
from bayesmixed.prediction.rows import index_of, observed_groups, rows_of, weights_to_predict
from bayesmixed.quantiles import t_quantile
from bayesmixed.reml.diagnostics.prediction_variance import (
    CodedRows,
    coefficient_variance,
    new_group_variance,
    observed_group_variance,
)
from bayesmixed.reml.satterthwaite import covariance_of_variance_parameters

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates

#: Relative step of differences by theta.
STEP = 1e-5


def predict_reml(
    fit: "Estimates",
    rows: Any = None,
    groups: str = "observed",
    kind: str = "mean",
    ci_prob: float | None = 0.95,
) -> "pd.DataFrame":
    """Estimated mean of rows, or their next measurement, with standard errors and intervals.

    With x and z a row's columns and the covariance parameters held at their estimates:

    ==============  ===============================  ==================================================
    ``groups``      estimate                         squared standard error, for ``kind="mean"``
    ==============  ===============================  ==================================================
    ``observed``    ``x'betahat + z'bhat + offset``  ``Var(x'(betahat - beta) + z'(bhat - b))``
    ``new``         ``x'betahat + offset``           ``x'vcov x + z'Gz``: of the new group's own mean
    ``population``  ``x'betahat + offset``           ``x'vcov x``: of the mean at b = 0
    ==============  ===============================  ==================================================

    The first variance is that of Henderson's mixed model equations. ``kind="response"`` adds ``sigma^2 / w``.

    Intervals are ``estimate -+ t se`` with Satterthwaite's degrees of freedom of that very variance v,
    ``2 v^2 / (g'Ag)`` with g its gradient in (theta, sigma), as SAS computes them for ESTIMATE and PREDICT:
    for ``population`` those of the contrast x; for ``new`` about the number of groups, less one. They carry the
    uncertainty of the covariance parameters into the width, which the standard error leaves out.

    Parameters
    ----------
    fit : Estimates
    rows : table, optional
        New rows; by default those of the model.
    groups : {"observed", "new", "population"}
        For an unseen level ``observed`` is an error.
    kind : {"mean", "response"}
        w is the model's column of weights where the rows have it, else 1.
    ci_prob : float, optional
        None leaves degrees of freedom and intervals out.

    Returns
    -------
    pandas.DataFrame
        estimate, se, df, lower, upper; one row a row, in units of y (df: none). The index is that of a pandas
        table of rows; without `rows` it is the position of each used row in the table of the model.

    Raises
    ------
    PredictionError
        A predictor is missing, a level was not observed, or an argument is none of those above.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
    >>> rows = {"Days": [0, 9], "Subject": ["308", "308"]}
    >>> fit.predict(rows)[["estimate", "se"]].round(2)
       estimate     se
    0    253.66  12.25
    1    430.66  13.86
    """
    import pandas as pd

    _check(groups, kind, ci_prob)
    new = rows_of(fit.design, rows, groups)
    place = observed_groups(fit.design, new) if groups == "observed" else None
    estimate = fit.estimated_mean(new.X, new.Z_rows, place) + new.offset
    noise = 1.0 / weights_to_predict(fit.design, rows) if kind == "response" else 0.0
    coded = CodedRows(*coded_columns(fit.design, new.X, new.Z_rows), place)
    relative = relative_variance_of(fit, coded, groups)
    se = fit.sigma * np.sqrt(relative(fit.optimum.theta) + noise)
    columns = {"estimate": estimate, "se": se}
    if ci_prob is not None:
        columns["df"] = variance_df(fit, lambda theta: relative(theta) + noise)
        half = t_quantile(0.5 + ci_prob / 2.0, columns["df"]) * se
        columns |= {"lower": estimate - half, "upper": estimate + half}
    return pd.DataFrame(columns, index=index_of(fit.design, rows))


def _check(groups: str, kind: str, ci_prob: float | None) -> None:
    check_choice("groups", groups, TARGETS, PredictionError)
    check_choice("kind", kind, KINDS, PredictionError)
    if ci_prob is not None and not (isinstance(ci_prob, Real) and 0.0 < ci_prob < 1.0):
        raise PredictionError(f"ci_prob must lie between 0 and 1, or be None, not {ci_prob!r}")


def relative_variance_of(fit: "Estimates", rows: CodedRows, groups: str) -> Callable[[Array], Array]:
    """Variance of the estimated means of rows over sigma^2, as a function of theta."""
    criterion = fit.objective
    if groups == "population":
        return lambda theta: coefficient_variance(criterion, theta, rows.X)
    if groups == "new":
        return lambda theta: new_group_variance(criterion, theta, rows)
    return lambda theta: observed_group_variance(criterion, fit.coded.moments, theta, rows)


def variance_df(fit: "Estimates", relative: Callable[[Array], Array]) -> Array:
    """Satterthwaite's degrees of freedom of variances ``sigma^2 relative(theta)``, one each.

    ``2 v^2 / (g'Ag)``: g by central differences in theta, A twice the inverse of the criterion's Hessian.
    Infinite where the variance is zero.
    """
    theta, sigma = fit.optimum.theta, fit.sigma
    variance = sigma**2 * relative(theta)
    gradient = np.empty((len(variance), len(theta) + 1))
    for k in range(len(theta)):
        unit = np.zeros(len(theta))
        unit[k] = STEP * max(1.0, abs(theta[k]))
        gradient[:, k] = sigma**2 * (relative(theta + unit) - relative(theta - unit)) / (2.0 * unit[k])
    gradient[:, -1] = 2.0 * variance / sigma
    A = covariance_of_variance_parameters(fit.derivatives)
    spread = np.einsum("nr,rs,ns->n", gradient, A, gradient)
    degrees: Array = np.divide(2.0 * variance**2, spread, out=np.full(len(spread), np.inf), where=spread > 0.0)
    return degrees


def effect_prediction_se(fit: "Estimates") -> Array:
    """Standard deviations of ``bhat_i - b_i``, with that part that comes from estimating beta, shape (J, q).

    The square roots of the diagonal of the lower right block of the inverse of Henderson's mixed model
    equations: the standard errors that SAS prints beside its solution for random effects. In units of y
    over units of the column of Z.
    """
    J, q = fit.design.n_groups, fit.design.q
    Z = np.tile(fit.coded.T_inverse, (J, 1))
    rows = CodedRows(np.zeros((J * q, fit.design.p)), Z, np.repeat(np.arange(J), q))
    variance = observed_group_variance(fit.objective, fit.coded.moments, fit.optimum.theta, rows)
    return fit.sigma * np.sqrt(variance).reshape(J, q)
