"""R2 of a mixed model, and what clustering costs: functions of arrays for estimates and draws alike.

With ``v_f`` the variance of ``X beta`` over rows, ``v_r`` the mean of ``z'Gz`` over rows and sigma^2,

    marginal R2 = v_f / (v_f + v_r + sigma^2),    conditional R2 = (v_f + v_r) / (v_f + v_r + sigma^2).

Nakagawa and Schielzeth (2013), doi:10.1111/j.2041-210x.2012.00261.x, for random slopes by Johnson (2014),
doi:10.1111/2041-210X.12225. The design effect of the mean of all rows is its variance over that of as many
independent rows, ``1'V1 / trace(V)``; for a random intercept ``1 + (sum n_i^2 / N - 1) ICC`` (Kish 1965).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array, Index
from bayesmixed.errors import RemlError
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.quantiles import chi2_cut
from bayesmixed.summary import describe_each

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design
    from bayesmixed.reml.estimates import Estimates

R2_KINDS = ("marginal", "conditional")
SIZES = ("design effect", "effective sample size")


@dataclass(frozen=True, eq=False)
class VarianceShares:
    """Variance of the response by its source, each of shape (...) as sigma.

    Parameters
    ----------
    fixed, random, residual : ndarray
        ``v_f``, ``v_r`` and ``sigma^2``, in squared units of y; the residual one is that of a row of weight 1.
    """

    fixed: Array
    random: Array
    residual: Array

    @classmethod
    def of(cls, X: Array, Z_rows: Array, beta: Array, covariance: CovarianceParameters) -> "VarianceShares":
        """Evaluate at estimates or at draws.

        Parameters
        ----------
        X : ndarray, shape (N, p)
        Z_rows : ndarray, shape (N, q)
        beta : ndarray, shape (..., p)
        covariance : CovarianceParameters
            With the leading axes of beta.

        Examples
        --------
        >>> covariance = CovarianceParameters(np.array([2.0]), np.eye(1), np.array(1.0))
        >>> X = np.column_stack([np.ones(3), np.arange(3.0)])
        >>> VarianceShares.of(X, np.ones((3, 1)), np.array([5.0, 1.0]), covariance).r2.round(4)
        array([0.1667, 0.8333])
        """
        centred = X - X.mean(axis=0)
        spread = centred.T @ centred / (len(X) - 1)
        products = Z_rows.T @ Z_rows / len(Z_rows)
        return cls(
            np.einsum("...k,kl,...l->...", beta, spread, beta),
            np.einsum("...kl,kl->...", covariance.G, products),
            np.asarray(covariance.sigma) ** 2,
        )

    @property
    def r2(self) -> Array:
        """Marginal and conditional R2, shape (..., 2)."""
        explained = np.stack([self.fixed, self.fixed + self.random], axis=-1)
        return explained / (self.fixed + self.random + self.residual)[..., None]


def r2_values(design: "Design", beta: Array, covariance: CovarianceParameters) -> Array:
    """Marginal and conditional R2 of a design, shape (..., 2); an offset counts on neither side."""
    return VarianceShares.of(design.X, design.Z_rows, beta, covariance).r2


def design_effects(Z_rows: Array, group: Index, covariance: CovarianceParameters) -> Array:
    """Design effect of the mean of all rows, and the effective sample size of that mean, shape (..., 2).

    With ``s_i`` the sum of the rows of ``Z_i``: ``(sum s_i'G s_i + N sigma^2) / (sum z'Gz + N sigma^2)``.
    Rows are taken with weight 1.

    Parameters
    ----------
    Z_rows : ndarray, shape (N, q)
    group : ndarray of int, shape (N,)
    covariance : CovarianceParameters

    Examples
    --------
    >>> covariance = CovarianceParameters(np.array([1.0]), np.eye(1), np.array(3.0))  # ICC 0.1
    >>> design_effects(np.ones((20, 1)), np.repeat([0, 1], 10), covariance)
    array([ 1.9       , 10.52631579])
    """
    N, G = len(Z_rows), covariance.G
    sums = np.column_stack([np.bincount(group, weights=column) for column in Z_rows.T])
    noise = N * np.asarray(covariance.sigma) ** 2
    together, alone = (np.einsum("...kl,kl->...", G, rows.T @ rows) + noise for rows in (sums, Z_rows))
    effect = together / alone
    return np.stack([effect, N / effect], axis=-1)


def design_effect_of_icc(sizes: Array, icc: Array) -> Array:
    """``1 + (sum n_i^2 / N - 1) ICC``, for a random intercept: increasing in the ICC.

    Parameters
    ----------
    sizes : ndarray of int, shape (J,)
    icc : ndarray
    """
    effect: Array = 1.0 + ((sizes.astype(float) ** 2).sum() / sizes.sum() - 1.0) * np.asarray(icc)
    return effect


# ---------------------------------------------------------------- tables
def posterior_table(
    draws: Array, labels: tuple[str, ...], name: str, ci_prob: float, ci_kind: str
) -> "pd.DataFrame":
    """Mean, sd, median and interval of draws, (draws, labels)."""
    import pandas as pd

    return pd.DataFrame(describe_each(draws, ci_prob, ci_kind), index=pd.Index(labels, name=name))


def reml_r2(fit: "Estimates", method: str | None, ci_prob: float, **options: Any) -> "pd.DataFrame":
    """See `RemlFit.r2`."""
    import pandas as pd

    _check_options(method, options)
    columns = {"estimate": r2_values(fit.design, fit.beta, fit.covariance)}
    if method == "bootstrap":
        draws = r2_values(fit.design, *_bootstrap(fit, options))
        columns |= _limits(draws, ci_prob)
    elif method is not None:
        raise RemlError(f"R2 has an interval by method='bootstrap' only, not {method!r}: it is no parameter")
    return pd.DataFrame(columns, index=pd.Index(R2_KINDS, name="r2"))


def reml_design_effect(fit: "Estimates", method: str | None, ci_prob: float, **options: Any) -> "pd.DataFrame":
    """See `RemlFit.design_effect`."""
    import pandas as pd

    _check_options(method, options)
    design = fit.design
    columns = {"estimate": design_effects(design.Z_rows, design.group, fit.covariance)}
    if method == "bootstrap":
        draws = design_effects(design.Z_rows, design.group, _bootstrap(fit, options)[1])
        columns |= _limits(draws, ci_prob)
    elif method is not None:
        columns |= _transformed(fit, method, ci_prob)
    return pd.DataFrame(columns, index=pd.Index(SIZES, name="quantity"))


def _check_options(method: str | None, options: dict[str, Any]) -> None:
    """Options are those of the bootstrap, and would be of no effect without it."""
    if options and method != "bootstrap":
        raise RemlError(f"{next(iter(options))!r} is no argument, or one that needs method='bootstrap'")


def _bootstrap(fit: "Estimates", options: dict[str, Any]) -> tuple[Array, CovarianceParameters]:
    """Replicates of beta and of the covariance parameters."""
    from bayesmixed.reml.resampling.bootstrap import bootstrap

    design, names = fit.design, fit.names
    draws = bootstrap(fit, **options).draws
    beta = draws[list(design.fixed_labels)].to_numpy()
    labels = {column: label for one in names.sd for label, column in zip(one.labels, one.columns, strict=True)}
    sd = np.column_stack([draws[labels[k]] for k in range(design.q)])
    corr = np.tile(np.eye(design.q), (len(draws), 1, 1))
    for k, m in zip(*np.triu_indices(design.q, 1), strict=True):
        label = f"{names.corr}[{design.random_labels[k]},{design.random_labels[m]}]"
        if label in draws:  # nan with an effect of sd 0, where any number will do
            corr[:, k, m] = corr[:, m, k] = np.nan_to_num(draws[label].to_numpy())
    return beta, CovarianceParameters(sd, corr, draws["sigma"].to_numpy())


def _limits(draws: Array, ci_prob: float) -> dict[str, Array]:
    check_probability("ci_prob", ci_prob, RemlError)
    tail = (1.0 - ci_prob) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0, method="weibull")
    return {"lower": low, "upper": high}


def _transformed(fit: "Estimates", method: str, ci_prob: float) -> dict[str, Array]:
    """Limits of the ICC of a random intercept, of which both quantities are monotone functions."""

    from bayesmixed.quantities.by_label import icc_label
    from bayesmixed.reml.intervals.profile import ProfileLikelihood

    check_choice("method", method, ("bootstrap", "profile", "profile-reml"), RemlError)
    check_probability("ci_prob", ci_prob, RemlError)
    if fit.design.q > 1 or not (fit.design.Z_rows == 1.0).all():
        raise RemlError(
            f"with random slopes the design effect is no function of the ICC, so that {method!r} does not give "
            "its interval: use method='bootstrap'"
        )
    profile = ProfileLikelihood(fit, method == "profile-reml")
    path = profile.quantities.path(icc_label(fit.design.factor_name, None, True))
    icc = np.array(profile.limits(path, chi2_cut(ci_prob)))
    low, high = design_effect_of_icc(fit.design.group_sizes, icc)
    N = fit.design.n_obs
    return {"lower": np.array([low, N / high]), "upper": np.array([high, N / low])}
