"""A (restricted) maximum likelihood fit: estimates in the user's coding and what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.coded import CodedMoments
from bayesmixed.coding import Array
from bayesmixed.components import components
from bayesmixed.effects import conditional_effects
from bayesmixed.errors import RemlError
from bayesmixed.icc import icc_points, icc_table, icc_values
from bayesmixed.parameters import CovarianceParameters, ParameterNames
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.kenward_roger import KenwardRoger
from bayesmixed.reml.optimize import Optimum, is_singular, minimise
from bayesmixed.reml.satterthwaite import satterthwaite_df
from bayesmixed.reml.uncertainty import variance_standard_errors

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design

SINGULAR_TEXT = (
    "the fit is singular: {what}. This is a valid estimate, not a failure to converge: the groups differ no "
    "more than their rows' noise explains. Its standard errors and intervals mean little there; "
    "the posterior, which averages over the sd instead of setting it to one value, does not have this problem"
)


def fit_reml(design: "Design", coded: CodedMoments, method: str = "REML") -> "RemlFit":
    """Maximise the (restricted) likelihood of a design.

    Parameters
    ----------
    design : Design
    coded : CodedMoments
    method : {"REML", "ML"}

    Raises
    ------
    RemlError
        When there are as many random effects as rows, so that sigma has nothing left to be estimated from.
    """
    if method not in ("REML", "ML"):
        raise RemlError(f"method must be 'REML' or 'ML', not {method!r}")
    if design.n_groups * design.q >= design.n_obs:
        raise RemlError(
            f"{design.n_groups} groups with {design.q} random effects each are as many as the {design.n_obs} rows "
            "or more, so that REML cannot tell G from sigma; drop a random effect, or use the posterior"
        )
    blocks = tuple(tuple(int(k) for k in block.columns) for block in design.blocks)
    criterion = Criterion(coded, blocks, method == "REML")
    optimum = minimise(criterion)
    if not np.isfinite(optimum.value):
        raise RemlError(f"the {method} criterion is not finite anywhere: check the response and the columns of X")
    return RemlFit(design, criterion, optimum)


@dataclass(frozen=True)
class RemlFit:
    """A model fitted by REML or ML.

    Standard errors are ``sigma^2 (X'V^-1X)^-1`` at the estimates; degrees of freedom are Satterthwaite's, or
    with their adjusted standard errors those of Kenward and Roger.

    Attributes
    ----------
    criterion : float
        -2 log (restricted) likelihood as lme4 reports it, in the user's coding of X.
    beta : ndarray, shape (p,)
    vcov : ndarray, shape (p, p)
    sigma : float
    G : ndarray, shape (q, q)
    singular, converged : bool

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> round(model.reml().criterion, 4)
    1743.6283
    """

    design: "Design"
    profile: Criterion
    optimum: Optimum

    def __repr__(self) -> str:
        return f"RemlFit({self.design.specification.formula!r}, {self.method} criterion {self.criterion:.4f})"

    def _repr_html_(self) -> str:
        from bayesmixed.report.notebook import reml_html

        return reml_html(self)

    @property
    def method(self) -> str:
        return "REML" if self.profile.restricted else "ML"

    @property
    def criterion(self) -> float:
        return self.optimum.value

    @property
    def converged(self) -> bool:
        return self.optimum.converged

    @property
    def singular(self) -> bool:
        return is_singular(self.Lambda)

    @property
    def Lambda(self) -> Array:
        """Square root of ``G / sigma^2`` in centred and scaled columns of Z."""
        return self.profile.Lambda(self.optimum.theta)

    @cached_property
    def _estimates(self) -> tuple[float, Array]:
        return self.profile.estimates(self.optimum.theta)

    @property
    def sigma(self) -> float:
        return self._estimates[0]

    @property
    def beta(self) -> Array:
        coded = self.profile.coded
        return coded.fixed.inverse @ (self._estimates[1] + coded.shift)

    @cached_property
    def vcov(self) -> Array:
        coded = self.profile.coded
        p = coded.moments.p
        from bayesmixed.likelihood import MarginalLikelihood

        _, Q = MarginalLikelihood.flat(coded.moments).cross_products(self.Lambda)
        back = coded.fixed.inverse
        return self.sigma**2 * back @ np.linalg.solve(Q[:p, :p], back.T)

    @property
    def se(self) -> Array:
        """Standard errors of beta."""
        return np.sqrt(np.diag(self.vcov))

    @property
    def G(self) -> Array:
        root = self.profile.coded.T_inverse @ self.Lambda
        return self.sigma**2 * root @ root.T

    @property
    def names(self) -> ParameterNames:
        return ParameterNames.of(self.design)

    @property
    def covariance(self) -> CovarianceParameters:
        """sd, correlations and sigma in the user's coding."""
        return CovarianceParameters.from_G(self.G, np.float64(self.sigma))

    @cached_property
    def effects(self) -> tuple[Array, Array]:
        """Conditional means (BLUPs), shape (J, q), and variances, shape (J, q, q), in the user's coding."""
        coded = self.profile.coded
        mean, variance = conditional_effects(coded.moments, self.Lambda, self.sigma, self._estimates[1])
        return mean @ coded.T_inverse.T, coded.T_inverse @ variance @ coded.T_inverse.T

    @cached_property
    def df(self) -> Array:
        """Satterthwaite's degrees of freedom of each coefficient."""
        contrasts = self.profile.coded.fixed.inverse
        return satterthwaite_df(self.profile, self.optimum.theta, self.sigma, contrasts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, in words."""
        notes = list(self.design.warnings)
        if self.singular:
            sd, corr = self.covariance.sd, self.covariance.corr
            zero = [label for label, value in zip(self.design.random_labels, sd, strict=True) if value == 0.0]
            off = np.abs(corr[np.triu_indices(len(sd), 1)])
            what = f"the sd of {', '.join(zero)} is zero" if zero else "G has less than full rank"
            if not zero and off.size and off.max() > 0.999:
                what = "a correlation is at -1 or 1"
            notes.append(SINGULAR_TEXT.format(what=what))
        if not self.converged:
            size = np.abs(self.optimum.gradient).max()
            notes.append(f"the optimiser stopped where the gradient is {size:.2g}, not 0; distrust the estimates")
        return tuple(notes)

    @cached_property
    def kenward_roger(self) -> KenwardRoger:
        """Kenward and Roger's adjustment, in the coding of the criterion; for REML fits only."""
        if not self.profile.restricted:
            raise RemlError("Kenward-Roger adjusts REML fits: fit with method='REML'")
        return KenwardRoger.at(self.profile, self.optimum.theta, self.sigma)

    def fixed_effects(self, ci_prob: float = 0.95, df: str = "satterthwaite") -> "pd.DataFrame":
        """Estimates, standard errors, degrees of freedom, t, p and intervals; one row a coefficient.

        Parameters
        ----------
        ci_prob : float
        df : {"satterthwaite", "kenward-roger"}
            With Kenward and Roger's degrees of freedom, standard errors (and what rests on them) come from their
            adjusted covariance of beta.
        """
        import pandas as pd
        from scipy import stats

        se, degrees = self._standard_errors(df)
        t = self.beta / se
        half = stats.t.ppf(0.5 + ci_prob / 2.0, degrees) * se
        columns = {
            "estimate": self.beta,
            "se": se,
            "df": degrees,
            "t": t,
            "p": 2.0 * stats.t.sf(np.abs(t), degrees),
            "lower": self.beta - half,
            "upper": self.beta + half,
        }
        return pd.DataFrame(columns, index=pd.Index(self.design.fixed_labels, name="term"))

    def _standard_errors(self, df: str) -> tuple[Array, Array]:
        """Standard errors of beta and their degrees of freedom."""
        if df == "satterthwaite":
            return self.se, self.df
        if df != "kenward-roger":
            raise RemlError(f"df must be 'satterthwaite' or 'kenward-roger', not {df!r}")
        back = self.profile.coded.fixed.inverse
        degrees = np.array([self.kenward_roger.test(contrast[None])[0] for contrast in back])
        return np.sqrt(np.diag(back @ self.kenward_roger.adjusted @ back.T)), degrees

    def variance_components(self) -> "pd.DataFrame":
        """sd, variance, covariance, correlation and share of variance; rows as in `Fit.variance_components`."""
        import pandas as pd

        found = list(components(self.design, self.covariance))
        index = pd.MultiIndex.from_tuples([row[:3] for row in found], names=["group", "term", "quantity"])
        return pd.DataFrame({"estimate": [float(row.values) for row in found]}, index=index)

    def icc(self, at: Mapping[str, Any] | None = None) -> "pd.DataFrame":
        """Intraclass correlation at the estimates; see `Fit.icc`."""
        points = icc_points(self.design, at)
        estimates = [float(icc_values(self.covariance, point.rows)) for point in points]
        return icc_table(self.names.factor, points, {"estimate": estimates})

    def random_effects(self) -> "pd.DataFrame":
        """Conditional modes (BLUPs) with their conditional sd, beside the estimate of each group alone."""
        from bayesmixed.report.effects import reml_effects_table

        return reml_effects_table(self)

    def predict(self, rows: Any = None, groups: str = "observed") -> "pd.DataFrame":
        """Estimated mean of rows; see `bayesmixed.predict.predict_reml`."""
        from bayesmixed.predict import predict_reml

        return predict_reml(self, rows, groups)

    def fitted(self) -> Array:
        """``X beta + Z b + offset`` of every row, shape (N,)."""
        design = self.design
        b = self.effects[0][design.group]
        return design.X @ self.beta + (design.Z_rows * b).sum(axis=1) + design.offset

    def residuals(self) -> Array:
        """y minus `fitted`, shape (N,), in units of y."""
        return self.design.y - self.fitted()

    @cached_property
    def variance_se(self) -> dict[str, float]:
        """Asymptotic standard errors of sd, correlations and sigma by their labels; nan at the boundary.

        By the delta method from the observed information of (theta, sigma).
        """
        return variance_standard_errors(self)
