"""Tables of what a posterior says of its parameters."""

from typing import TYPE_CHECKING, cast

from bayesmixed.arrays import Array
from bayesmixed.fit.draws import FitDraws
from bayesmixed.quantities.components import components
from bayesmixed.summary import describe

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit.fit import Fit


class FitTables(FitDraws):
    """Coefficients, variance components, random effects and R2: means, medians and intervals."""

    def summary(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """One row a parameter: mean, sd, median, interval, R-hat, effective sample sizes, Monte Carlo error.

        Parameters
        ----------
        ci_prob : float
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or shortest.
        """
        import pandas as pd

        rows = {
            label: describe(values, ci_prob, ci_kind) | self.convergence(values)
            for label, values in self.scalars().items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("parameter")

    def fixed_effects(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """Coefficients: mean, sd, median and interval; one row a column of X."""
        import pandas as pd

        labels = self.model.design.fixed_labels
        rows = [describe(self.beta[:, k], ci_prob, ci_kind) for k in range(len(labels))]
        return pd.DataFrame(rows, index=pd.Index(labels, name="term"))

    def variance_components(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """sd, variance, covariance, correlation and share of variance, each with its interval.

        Rows are indexed by group, term and quantity; units are those of y (and y squared) per unit of the term.
        """
        import pandas as pd

        found = list(components(self.model.design, self.covariance))
        index = pd.MultiIndex.from_tuples([row[:3] for row in found], names=["group", "term", "quantity"])
        return pd.DataFrame([describe(row.values, ci_prob, ci_kind) for row in found], index=index)

    def random_effects(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """b of every group with its interval, beside the estimate of that group alone (no pooling).

        ``no_pooling`` is the least-squares fit of the group's own rows, minus the posterior mean of the
        coefficients; ``shrinkage`` is the share of it that pooling took away (nan where a group's rows do not
        determine it).
        """
        from bayesmixed.report.effects import random_effects_table

        return random_effects_table(cast("Fit", self), ci_prob, ci_kind)

    def r2(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """Marginal and conditional R2: variance explained by X alone, and by X and Z together.

        Shares of ``var(X beta) + mean(z'Gz) + sigma^2`` in every draw; see ``quantities/variance_explained.py``.
        """
        from bayesmixed.quantities.variance_explained import R2_KINDS, posterior_table

        return posterior_table(self.r2_draws(), R2_KINDS, "r2", ci_prob, ci_kind)

    def r2_draws(self) -> Array:
        """Draws behind the rows of `r2`, shape (draws, 2)."""
        from bayesmixed.quantities.variance_explained import r2_values

        return r2_values(self.model.design, self.beta, self.covariance)

    def bayesian_r2(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """Gelman's Bayesian R2 of the observed groups, ``var(fit) / (var(fit) + var(res))`` in every draw.

        ``fit = X beta + Z b``. Row ``sigma`` takes the residual variance of the model, row ``residuals`` that of
        ``y - fit`` of the draw, as brms. `r2` speaks of groups like these instead. Gelman, Goodrich, Gabry and
        Vehtari (2019), doi:10.1080/00031305.2018.1549100.

        Raises
        ------
        SamplingError
            Draws of b were not kept.
        """
        from bayesmixed.quantities.bayesian_r2 import BAYESIAN_R2
        from bayesmixed.quantities.variance_explained import posterior_table

        return posterior_table(self.bayesian_r2_draws(), BAYESIAN_R2, "r2", ci_prob, ci_kind)

    def bayesian_r2_draws(self) -> Array:
        """Draws behind the rows of `bayesian_r2`, shape (draws, 2)."""
        from bayesmixed.quantities.bayesian_r2 import bayesian_r2_draws

        return bayesian_r2_draws(cast("Fit", self))

    def design_effect(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """Design effect and effective sample size of the mean of all rows; see `RemlFit.design_effect`."""
        from bayesmixed.quantities.variance_explained import SIZES, posterior_table

        return posterior_table(self.design_effect_draws(), SIZES, "quantity", ci_prob, ci_kind)

    def design_effect_draws(self) -> Array:
        """Draws behind the rows of `design_effect`, shape (draws, 2)."""
        from bayesmixed.quantities.variance_explained import design_effects

        return design_effects(self.model.design.Z_rows, self.model.design.group, self.covariance)
