"""A (restricted) maximum likelihood fit: estimates in the user's coding and what follows from them."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.coded import CodedMoments
from bayesmixed.coding import Array
from bayesmixed.components import components
from bayesmixed.errors import RemlError
from bayesmixed.icc import icc_points, icc_table, icc_values
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.estimates import Estimates
from bayesmixed.reml.optimize import minimise
from bayesmixed.reml.uncertainty import variance_standard_errors

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design
    from bayesmixed.triangles import Triangles

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
    criterion = Criterion.of(coded, blocks, method == "REML")
    optimum = minimise(criterion)
    if not np.isfinite(optimum.value):
        raise RemlError(f"the {method} criterion is not finite anywhere: check the response and the columns of X")
    return RemlFit(design, coded, criterion, optimum)


class RemlFit(Estimates):
    """A model fitted by REML or ML.

    Standard errors are those of ``(X'V^-1X)^-1`` at the estimates; degrees of freedom are Satterthwaite's, or
    with their adjusted standard errors those of Kenward and Roger. The numbers are attributes, see `Estimates`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> round(model.reml().criterion, 4)
    1743.6283
    """

    def __repr__(self) -> str:
        return f"RemlFit({self.design.specification.formula!r}, {self.method} criterion {self.criterion:.4f})"

    def _repr_html_(self) -> str:
        from bayesmixed.report.notebook import reml_html

        return reml_html(self)

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
            where = f"the gradient is {size:.2g}, not 0" if size > 1e-3 else "the criterion still falls to a side"
            notes.append(f"the optimiser stopped where {where}; distrust the estimates")
        return tuple(notes)

    def fixed_effects(self, ci_prob: float = 0.95, df: str = "satterthwaite") -> "pd.DataFrame":
        """Estimates, standard errors, degrees of freedom, t, p and intervals; one row a coefficient.

        Parameters
        ----------
        ci_prob : float
        df : {"satterthwaite", "kenward-roger"}
            With Kenward and Roger's degrees of freedom, standard errors (and what rests on them) come from their
            adjusted covariance of beta.
        """
        return self._coefficient_table(*self._standard_errors(df), ci_prob)

    def _coefficient_table(self, se: Array, degrees: Array, ci_prob: float) -> "pd.DataFrame":
        import pandas as pd
        from scipy import stats

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

    def robust(self, kind: str = "CR2", ci_prob: float = 0.95) -> "pd.DataFrame":
        """`fixed_effects` with cluster-robust standard errors, which hold where V is wrong, too.

        The groups are the clusters. CR2 is the sandwich ``M [sum X_i'V_i^-1 A_i e_i e_i' A_i V_i^-1 X_i] M`` whose
        adjustments A_i make it unbiased where V is right; df are Bell and McCaffrey's: few where few groups tell
        a coefficient. Where V is right it is less precise than `fixed_effects`. As clubSandwich's ``vcovCR`` of
        a fit by lmer. Pustejovsky and Tipton (2018), doi:10.1080/07350015.2016.1247004.

        Parameters
        ----------
        kind : {"CR2"}
        ci_prob : float

        Warns
        -----
        BayesmixedWarning
            One group alone determines a coefficient: its residuals fit it, so that its se is too small.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"))
        >>> model.reml().robust()[["se", "df"]].round(3).loc["Days"].to_dict()
        {'se': 1.546, 'df': 17.0}
        """
        from bayesmixed.reml.robust import checked_robust_covariance

        found = checked_robust_covariance(self, kind)
        return self._coefficient_table(np.sqrt(np.diag(found.vcov)), found.df, ci_prob)

    @cached_property
    def triangles(self) -> "Triangles":
        """The rows of each group as an upper triangle, in the coding of the criterion."""
        from bayesmixed.triangles import Triangles

        return Triangles.of(self.design, self.coded)

    def _standard_errors(self, df: str) -> tuple[Array, Array]:
        """Standard errors of beta and their degrees of freedom."""
        if df == "satterthwaite":
            return self.se, self.df
        if df != "kenward-roger":
            raise RemlError(f"df must be 'satterthwaite' or 'kenward-roger', not {df!r}")
        back = self.coded.fixed.inverse
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
        """Conditional modes (BLUPs) beside the estimate of each group alone.

        ``sd`` is that of b given y with beta held at its estimate, as lme4's ``condVar``; ``prediction_se``
        that of ``bhat - b``, which has the uncertainty of beta in it, as SAS prints.
        """
        from bayesmixed.report.effects import reml_effects_table

        return reml_effects_table(self)

    def predict(
        self,
        rows: Any = None,
        groups: str = "observed",
        kind: str = "mean",
        ci_prob: float | None = 0.95,
    ) -> "pd.DataFrame":
        """Estimated mean or response of rows, with intervals; see `bayesmixed.reml.prediction.predict_reml`."""
        from bayesmixed.reml.prediction import predict_reml

        return predict_reml(self, rows, groups, kind, ci_prob)

    def fitted(self) -> Array:
        """``X beta + Z b + offset`` of every row, shape (N,)."""
        return self.design.mean(self.beta, self.effects[0])

    def residuals(self, kind: str = "conditional") -> Array:
        """Residuals of every row, shape (N,).

        =================  ==============================================================================
        ``"conditional"``  ``y - X beta - Z b - offset``, y minus `fitted`, in units of y
        ``"marginal"``     ``y - X beta - offset``, in units of y
        ``"pearson"``      conditional times ``sqrt(w) / sigma``
        ``"normalized"``   ``L^-1`` times marginal, ``V = L L'``: each row given the earlier ones of its group
        =================  ==============================================================================

        The normalized ones are independent with variance 1 where the model is right (but for the estimation of
        its parameters), as those of ``type="normalized"`` of nlme's ``gls``; they depend on the order of the
        rows in a group.

        Parameters
        ----------
        kind : {"conditional", "marginal", "pearson", "normalized"}
        """
        from bayesmixed.reml.residuals import residuals_of

        return residuals_of(self, kind)

    def leverage(self) -> Array:
        """Diagonal of the hat matrix ``d fitted / d y`` at the estimated covariance parameters, shape (N,).

        Between 0 and 1; the sum is the effective number of parameters, between p and p + J q. As lme4's
        ``hatvalues``.
        """
        from bayesmixed.reml.influence import leverage_of

        return leverage_of(self)

    def influence(self) -> "pd.DataFrame":
        """What leaving out each group does to beta, the covariance parameters held at their estimates.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``n``, its rows; ``leverage``, its share ``tr(X_i'V_i^-1X_i vcov)`` of what the table
            tells of beta, p over all groups together; ``cooks_distance``,
            ``(beta - beta_-i)' vcov^-1 (beta - beta_-i) / p``; and for each coefficient ``beta[...]``, its
            estimate without the group, and ``dfbetas[...]``, ``(beta - beta_-i) / se``.

        Warns
        -----
        BayesmixedWarning
            Without a group the rows do not determine every coefficient: all but n and leverage are nan there.

        Notes
        -----
        Nothing is refitted: refits, as those of lme4's ``influence``, also move G and sigma.
        Christensen, Pearson and Johnson (1992), doi:10.2307/1269550.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
        >>> fit.influence()["cooks_distance"].nlargest(2).round(3)
        Subject
        309    0.149
        335    0.129
        Name: cooks_distance, dtype: float64
        """
        from bayesmixed.reml.influence import influence_table

        return influence_table(self)

    @cached_property
    def variance_se(self) -> dict[str, float]:
        """Asymptotic standard errors of sd, correlations and sigma by their labels; nan at the boundary.

        By the delta method from the observed information of (theta, sigma).
        """
        return variance_standard_errors(self)
