"""The tables of a fit: coefficients, variance components, ICC, variance explained, random effects."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.icc import icc_points, icc_table, icc_values
from bayesmixed.icc.checks import SIGNED
from bayesmixed.quantiles import t_probability, t_quantile
from bayesmixed.quantities.components import components
from bayesmixed.reml.estimates import Estimates

if TYPE_CHECKING:
    import pandas as pd


class Tables(Estimates):
    """What a fit says, as data frames."""

    def fixed_effects(self, ci_prob: float = 0.95, df: str = "satterthwaite") -> "pd.DataFrame":
        """Estimates, standard errors, degrees of freedom, t, p and intervals; one row a coefficient.

        Parameters
        ----------
        ci_prob : float
        df : {"satterthwaite", "kenward-roger"}
            With Kenward and Roger's degrees of freedom, standard errors (and what rests on them) come from their
            adjusted covariance of beta.
        """
        return self._coefficient_table(*self.standard_errors(df), ci_prob)

    def _coefficient_table(self, se: Array, degrees: Array, ci_prob: float) -> "pd.DataFrame":
        import pandas as pd

        check_probability("ci_prob", ci_prob, RemlError)
        t = self.beta / se
        half = t_quantile(0.5 + ci_prob / 2.0, degrees) * se
        columns = {
            "estimate": self.beta,
            "se": se,
            "df": degrees,
            "t": t,
            "p": t_probability(t, degrees),
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
        from bayesmixed.reml.diagnostics.robust import checked_robust_covariance

        found = checked_robust_covariance(self, kind)
        return self._coefficient_table(np.sqrt(np.diag(found.vcov)), found.df, ci_prob)

    def variance_components(
        self, ci_prob: float = 0.95, method: str | None = None, **options: Any
    ) -> "pd.DataFrame":
        """sd, variance, covariance, correlation and share of variance; rows as in `Fit.variance_components`.

        Parameters
        ----------
        ci_prob : float
        method : {None, "wald", "profile", "profile-reml", "bootstrap"}
            Adds ``se`` and an interval, ``lower`` and ``upper``, of sd, variances and correlations, see `confint`.
        **options
            Of `bootstrap`.
        """
        check_probability("ci_prob", ci_prob, RemlError)
        import pandas as pd

        found = list(components(self.design, self.covariance))
        index = pd.MultiIndex.from_tuples([row[:3] for row in found], names=["group", "term", "quantity"])
        columns = {"estimate": [float(row.values) for row in found]}
        if method is not None:
            from bayesmixed.reml.intervals.table import component_columns

            columns |= component_columns(self, method, ci_prob, options)
        return pd.DataFrame(columns, index=index)

    def icc(
        self,
        at: Mapping[str, Any] | None = None,
        ci_prob: float = 0.95,
        method: str | None = None,
        **options: Any,
    ) -> "pd.DataFrame":
        """Intraclass correlation at the estimates; see `Fit.icc`.

        Parameters
        ----------
        at : mapping, optional
            Values of slope variables.
        ci_prob : float
        method : {None, "profile-reml", "profile", "wald", "bootstrap", "anova", "cs"}
            How to find an interval, ``lower`` and ``upper``. Take ``"profile-reml"``, which few groups do not make
            too narrow and which exists where the ICC is estimated as 0. Of a random intercept, two more that have
            an estimate of their own, which may be negative: ``"anova"``, from mean squares with Searle's F
            interval (exact for balanced groups), and ``"cs"``, from `compound_symmetry` with its profile.
        **options
            Of `bootstrap`.
        """
        check_probability("ci_prob", ci_prob, RemlError)
        from bayesmixed.icc.signed import refuse_options, reml_signed

        if isinstance(method, str) and method in SIGNED:
            return reml_signed(self, at, method, ci_prob, options)
        points = icc_points(self.design, at)
        columns = {"estimate": [float(icc_values(self.covariance, point.rows)) for point in points]}
        if method is None:
            refuse_options(options)
        else:
            from bayesmixed.reml.intervals.table import METHODS, icc_intervals

            check_choice("method", method, (None, *METHODS, *SIGNED), RemlError)

            limits = icc_intervals(self, points, ci_prob, method, options)
            columns |= {"lower": limits[:, 0].tolist(), "upper": limits[:, 1].tolist()}
        return icc_table(self.names.factor, points, columns)

    def r2(self, method: str | None = None, ci_prob: float = 0.95, **options: Any) -> "pd.DataFrame":
        """Marginal and conditional R2: variance explained by X alone, and by X and Z together.

        Shares of ``var(X beta) + mean(z'Gz) + sigma^2``, see `bayesmixed.quantities.variance_explained`.

        Parameters
        ----------
        method : {None, "bootstrap"}
            How to find an interval, ``lower`` and ``upper``.
        ci_prob : float
        **options
            Of `bootstrap`.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
        >>> fit.r2()["estimate"].round(3).to_dict()
        {'marginal': 0.279, 'conditional': 0.799}
        """
        check_probability("ci_prob", ci_prob, RemlError)
        from bayesmixed.quantities.variance_explained import reml_r2

        return reml_r2(self, method, ci_prob, **options)

    def design_effect(self, method: str | None = None, ci_prob: float = 0.95, **options: Any) -> "pd.DataFrame":
        """Design effect and effective sample size of the mean of all rows.

        ``1'V1 / trace(V)``, for a random intercept ``1 + (sum n_i^2 / N - 1) ICC``; N over it is the number of
        independent rows whose mean is as precise. It speaks of that mean, not of slopes within groups.

        Parameters
        ----------
        method : {None, "bootstrap", "profile", "profile-reml"}
            How to find an interval, ``lower`` and ``upper``; by a profile of the ICC for a random intercept only.
        ci_prob : float
        **options
            Of `bootstrap`.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
        >>> fit.design_effect()["estimate"].round(3).to_dict()
        {'design effect': 2.674, 'effective sample size': 11.219}
        """
        check_probability("ci_prob", ci_prob, RemlError)
        from bayesmixed.quantities.variance_explained import reml_design_effect

        return reml_design_effect(self, method, ci_prob, **options)

    def random_effects(self) -> "pd.DataFrame":
        """Conditional modes (BLUPs) beside the estimate of each group alone.

        ``sd`` is that of b given y with beta held at its estimate, as lme4's ``condVar``; ``prediction_se``
        that of ``bhat - b``, which has the uncertainty of beta in it, as SAS prints.
        """
        from bayesmixed.report.effects import reml_effects_table

        return reml_effects_table(self)
