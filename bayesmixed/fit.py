"""A sampled posterior and everything that can be asked of it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bayesmixed.coding import Array
from bayesmixed.components import components
from bayesmixed.errors import PredictionError
from bayesmixed.fit_draws import FitDraws
from bayesmixed.icc import icc_points, icc_table, icc_values
from bayesmixed.summary import Verdict, describe, describe_each, judge

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesmixed.icc.symmetry_posterior import SymmetryPosterior
    from bayesmixed.leaving_out.results import GroupsLeftOut, RowsLeftOut
    from bayesmixed.reconcile.flat import FlatDraws


class Fit(FitDraws):
    """Draws of the posterior of a `MixedModel`.

    Made by ``model.fit()``, ``model.fit_from(datatree)`` or ``bm.load(path)``.

    Attributes
    ----------
    model : MixedModel
    idata : xarray.DataTree
        posterior, sample_stats, observed_data, constant_data, and log_likelihood of rows given b where that is
        at most a million numbers (see `log_likelihood` for more); any ArviZ function works on it.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> fit = model.fit(random_seed=1, progressbar=False)
    >>> fit.verdict.ok, sorted(fit.idata.posterior.data_vars)
    (True, ['1|Batch', '1|Batch_sigma', 'Intercept', 'sigma'])
    """

    def __repr__(self) -> str:
        chains, draws = self.shape
        return f"Fit({self.model.specification.formula!r}, {chains} chains of {draws} draws; {self.verdict})"

    def _repr_html_(self) -> str:
        from bayesmixed.report.notebook import fit_html

        return fit_html(self)

    @cached_property
    def flat_draws(self) -> "FlatDraws | None":
        """As many draws under flat priors, whose mode is REML; None where those have no proper posterior."""
        from bayesmixed.reconcile.flat import draw_flat, is_proper

        return draw_flat(self) if is_proper(self.model) else None

    @cached_property
    def verdict(self) -> Verdict:
        """Divergences, R-hat, ESS and E-BFMI, with a readable reason for each doubt."""
        return judge(self.scalars(), self.statistics)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the results should know: of data, priors and sampler."""
        note = self.idata.attrs.get("sampler_note")
        return (*self.model.warnings, *([note] if note else []), *self._negative_icc, *self.verdict.reasons)

    @property
    def _negative_icc(self) -> list[str]:
        from bayesmixed.icc.signed import negative_icc_hint

        return negative_icc_hint(self.model.design, self.model.coded)

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

    def icc(
        self,
        at: Mapping[str, Any] | None = None,
        ci_prob: float = 0.95,
        ci_kind: str = "eti",
        method: str | None = None,
        **options: Any,
    ) -> "pd.DataFrame":
        """Intraclass correlation ``z'Gz / (z'Gz + sigma^2)``; where there is a slope, a function of t.

        Parameters
        ----------
        at : dict, optional
            Values of slope variables, ``{"Days": [0, 5, 9]}``; by default the minimum, median and maximum of
            each, and the average over rows (a row with no value).
        ci_prob, ci_kind :
            As in `summary`.
        method : {None, "cs", "anova"}
            Of a random intercept, ICCs that may be negative: ``"cs"`` from `compound_symmetry`, ``"anova"`` as in
            `RemlFit.icc`, which is no posterior. By default the ICC of this fit's draws, which is positive.
        **options
            Of `compound_symmetry`.
        """
        if method is not None:
            from bayesmixed.icc.signed import posterior_signed

            return posterior_signed(self, at, method, ci_prob, ci_kind, options)
        points = icc_points(self.model.design, at)
        return icc_table(self.model.names.factor, points, describe_each(self.icc_draws(at), ci_prob, ci_kind))

    def icc_draws(self, at: Mapping[str, Any] | None = None) -> Array:
        """Draws behind the rows of `icc`, shape (draws, rows)."""
        points = icc_points(self.model.design, at)
        return np.column_stack([icc_values(self.covariance, point.rows) for point in points])

    def compound_symmetry(
        self, draws: int = 4000, shape: tuple[float, float] = (1.0, 1.0), random_seed: Any = 0
    ) -> "SymmetryPosterior":
        """The posterior with one correlation of all pairs of rows of a group, which may be negative.

        ``V_i = sigma^2 (I + D 11')`` with D down to ``-1 / n``, n the largest group, so that the ICC
        ``rho = D / (1 + D)`` lies between ``-1 / (n - 1)`` and 1. Independent draws from a grid of rho and
        sigma, of the rows of this fit; its own draws are not used. See docs/icc.md.

        Parameters
        ----------
        draws : int
        shape : tuple of two floats
            The prior of rho is Beta(a, b) stretched over its range: uniform by default. It takes the place of the
            prior of the sd; sigma and the coefficients keep those of the model.
        random_seed : int, SeedSequence or Generator

        Raises
        ------
        SamplingError
            The model has more than a random intercept, or weights.
        PriorError
            A coefficient's prior is neither normal nor flat, or sigma's is not one of a family.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"))
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> found = fit.compound_symmetry()
        >>> found.lowest, bool(found.p_negative() > 0.5)
        (-0.25, True)
        """
        from bayesmixed.icc.symmetry_posterior import sample_symmetry

        return sample_symmetry(self.model, draws, shape, random_seed)

    def correlation(
        self, at: Mapping[str, Any] | Sequence[Any] | None = None, point: str = "median"
    ) -> "pd.DataFrame":
        """Correlation of two rows of one group by where they are, ``z_t'Gz_s / sqrt(V(t) V(s))``.

        Of two different rows: the diagonal is ICC(t). For models with random slopes.

        Parameters
        ----------
        at : sequence, or dict from a slope variable to one, optional
            Values, ``[0, 3, 9]`` or ``{"Days": [0, 3, 9]}``; by default all values of the first slope variable (12
            evenly spaced ones of more numbers than that).
        point : {"median", "mean"}
            Of the posterior; `correlation_draws` has the draws.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
        >>> model.reml().correlation([0, 9]).round(2).to_numpy().tolist()
        [[0.48, 0.3], [0.3, 0.85]]
        """
        from bayesmixed.icc.correlation import correlation_table, places

        if point not in ("median", "mean"):
            raise PredictionError(f"point must be 'median' or 'mean', not {point!r}")
        draws = self.correlation_draws(at)
        values = np.median(draws, axis=0) if point == "median" else draws.mean(axis=0)
        return correlation_table(places(self.model.design, at), values)

    def correlation_draws(self, at: Mapping[str, Any] | Sequence[Any] | None = None) -> Array:
        """Draws behind `correlation`, shape (draws, values, values)."""
        from bayesmixed.icc.correlation import correlation_values, places

        return correlation_values(self.covariance, places(self.model.design, at).rows)

    def r2(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """Marginal and conditional R2: variance explained by X alone, and by X and Z together.

        Shares of ``var(X beta) + mean(z'Gz) + sigma^2`` in every draw, see `bayesmixed.variance_explained`.
        """
        from bayesmixed.variance_explained import R2_KINDS, posterior_table

        return posterior_table(self.r2_draws(), R2_KINDS, "r2", ci_prob, ci_kind)

    def r2_draws(self) -> Array:
        """Draws behind the rows of `r2`, shape (draws, 2)."""
        from bayesmixed.variance_explained import r2_values

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
        from bayesmixed.bayesian_r2 import BAYESIAN_R2
        from bayesmixed.variance_explained import posterior_table

        return posterior_table(self.bayesian_r2_draws(), BAYESIAN_R2, "r2", ci_prob, ci_kind)

    def bayesian_r2_draws(self) -> Array:
        """Draws behind the rows of `bayesian_r2`, shape (draws, 2)."""
        from bayesmixed.bayesian_r2 import bayesian_r2_draws

        return bayesian_r2_draws(self)

    def design_effect(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """Design effect and effective sample size of the mean of all rows; see `RemlFit.design_effect`."""
        from bayesmixed.variance_explained import SIZES, posterior_table

        return posterior_table(self.design_effect_draws(), SIZES, "quantity", ci_prob, ci_kind)

    def design_effect_draws(self) -> Array:
        """Draws behind the rows of `design_effect`, shape (draws, 2)."""
        from bayesmixed.variance_explained import design_effects

        return design_effects(self.model.design.Z_rows, self.model.design.group, self.covariance)

    def random_effects(self, ci_prob: float = 0.95, ci_kind: str = "eti") -> "pd.DataFrame":
        """b of every group with its interval, beside the estimate of that group alone (no pooling).

        ``no_pooling`` is the least-squares fit of the group's own rows, minus the posterior mean of the
        coefficients; ``shrinkage`` is the share of it that pooling took away (nan where a group's rows do not
        determine it).
        """
        from bayesmixed.report.effects import random_effects_table

        return random_effects_table(self, ci_prob, ci_kind)

    def compare_reml(
        self, ci_prob: float = 0.95, ci_kind: str = "eti", method: str = "wald", effects: bool = True
    ) -> "pd.DataFrame":
        """The same model's REML fit beside the posterior, with the reasons why they differ; one row a quantity.

        Parameters
        ----------
        ci_prob : float
            Of both intervals.
        ci_kind : {"eti", "hdi"}
            Of the posterior's interval.
        method : {"wald", "profile", "profile-reml", "bootstrap"}
            Of REML's intervals, see `RemlFit.confint`.
        effects : bool
            Random effects too, beside their conditional modes (BLUPs), where there are at most 1,000.

        Returns
        -------
        pandas.DataFrame
            ``reml`` with ``reml_se, reml_lower, reml_upper``; ``median, sd`` and interval of the posterior;
            ``shift`` = (median - reml) / sd. ``from_skew`` = median under flat priors - reml, and ``from_prior`` =
            median - median under flat priors, in units of the quantity (nan where flat priors have no proper
            posterior). ``overlap`` of the two intervals; ``verdict``; ``reasons``, codes that `explain_reml`
            puts in words and docs/reconciliation.md explains; and the ``prior``.
        """
        from bayesmixed.reconcile import reconcile

        return reconcile(self, ci_prob, ci_kind, method, effects)

    def explain_reml(self, ci_prob: float = 0.95, method: str = "wald") -> str:
        """What `compare_reml` found, as one paragraph of plain words for a methods section."""
        from bayesmixed.reconcile import paragraph

        return paragraph(self, self.compare_reml(ci_prob, "eti", method))

    # ---------------------------------------------------------------- more rows
    def update(self, new_rows: Any, **options: Any) -> "Fit":
        """Fit again with more rows, without the old ones: their moments are enough.

        Levels, centres and the numbers of the priors stay those of this fit. New groups are fine; a new level of a
        predictor is an error.

        Parameters
        ----------
        new_rows : anything that `MixedModel` takes, path of Parquet files included
        **options
            Of `MixedModel.fit`.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> data = bm.load_dataset("sleepstudy")
        >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", data[:150])
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> fit.update(data[150:], random_seed=1, progressbar=False).model
        MixedModel('Reaction ~ Days + (Days | Subject)', 180 rows, 18 groups of Subject)
        """
        from bayesmixed.streaming.build import updated

        return updated(self.model, new_rows).fit(**options)

    # ---------------------------------------------------------------- prediction
    def predict(
        self, rows: Any = None, groups: str = "observed", kind: str = "mean", **options: Any
    ) -> "pd.DataFrame":
        """Predict rows; see `bayesmixed.predict.predict_posterior` for what each target integrates over."""
        from bayesmixed.predict import predict_posterior

        return predict_posterior(self, rows, groups, kind, **options)

    def fitted(self) -> Array:
        """Posterior mean of ``X beta + Z b + offset`` of every row, shape (N,)."""
        from bayesmixed.predict import posterior_mean_of_rows

        return posterior_mean_of_rows(self)

    def residuals(self) -> Array:
        """y minus `fitted`, shape (N,), in units of y."""
        return self.model.design.y - self.fitted()

    def posterior_predictive(
        self, groups: str = "observed", draws: int | None = None, random_seed: Any = 0
    ) -> "xr.DataTree":
        """Replicates of the table, added to ``idata`` as ``posterior_predictive``; returns ``idata``."""
        from bayesmixed.predict import add_posterior_predictive

        return add_posterior_predictive(self, groups, draws, random_seed)

    def prior_predictive(self, draws: int = 500, random_seed: Any = 0) -> "xr.DataTree":
        """Draws from the priors and their tables, added to ``idata`` as ``prior`` and ``prior_predictive``."""
        found = self.model.prior_predictive(draws, random_seed)
        for name in ("prior", "prior_predictive"):
            self.idata[name] = found[name]
        return self.idata

    def log_likelihood(self) -> "xr.DataTree":
        """Log likelihood of rows (given b) and of groups (b integrated out), for every draw.

        Adds ``log_likelihood``, which ``az.loo`` uses, and ``log_likelihood_group`` to ``idata``, and returns it.

        Raises
        ------
        SamplingError
            Draws of b were not kept, or there are too many numbers.
        """
        from bayesmixed.pointwise import add_log_likelihood

        return add_log_likelihood(self)

    # ---------------------------------------------------------------- leaving out
    def loo(self, refit: bool | str = "auto", random_seed: Any = 0, cores: int | None = None) -> "RowsLeftOut":
        """Leave-one-row-out cross-validation: how well a new row of a known group is predicted.

        ``elpd = sum log p(y_ij | all other rows)``. Given theta = (sd, Omega, sigma) that density is normal, with
        beta and b integrated out; draws of theta are weighted by ``1 / p(y_ij | y_-ij, theta)``, Pareto-smoothed.
        The priors keep their numbers. ``az.loo(fit.idata)`` aims at the same from draws of b, less precisely; see
        docs/cross-validation.md.

        Parameters
        ----------
        refit : {"auto", True, False}
            "auto": the posterior is computed anew without each row whose k-hat is above ``good_k`` (at most 0.7).
            True: without every row. False: never, with a warning where k-hat is too large.
        random_seed : int, SeedSequence or Generator
            Of the refits.
        cores : int, optional
            Threads; all cores if None. The numbers do not depend on it.

        Returns
        -------
        arviz_stats ELPDDataLOO
            As of ``az.loo(..., pointwise=True)``, for ``az.compare`` or ``az.plot_khat``: ``elpd``, ``se``, ``p``,
            ``elpd_i``, ``pareto_k`` (0 where refitted) and ``refitted``. Densities are per unit of y.

        Raises
        ------
        SamplingError
            The table was read in parts, or a coefficient with a flat prior cannot be told without some row.

        References
        ----------
        Vehtari, Gelman and Gabry (2017), doi:10.1007/s11222-016-9696-4.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
        >>> found = model.fit(random_seed=1, progressbar=False).loo()
        >>> found.n_data_points, bool((found.pareto_k < 0.7).all())
        (30, True)
        """
        from bayesmixed.leaving_out import leave_out

        return leave_out(self, "row", refit, random_seed, cores)

    def logo(self, refit: bool | str = "auto", random_seed: Any = 0, cores: int | None = None) -> "GroupsLeftOut":
        """Leave-one-group-out cross-validation: how well all rows of a new group are predicted together.

        ``elpd = sum log p(y_i | all other groups)``, y_i all rows of group i; otherwise as `loo`. With "auto" and
        fewer than 8 groups, posteriors are computed anew without each of them.

        Parameters
        ----------
        refit, random_seed, cores :
            As in `loo`.

        Returns
        -------
        arviz_stats ELPDDataLOO
            With one value a group.

        Raises
        ------
        SamplingError
            The table was read in parts, or a coefficient with a flat prior cannot be told without some group.
        """
        from bayesmixed.leaving_out import leave_out

        found = leave_out(self, "group", refit, random_seed, cores)
        return cast("GroupsLeftOut", found)

    # ---------------------------------------------------------------- pictures
    def plot_ppc(self, **options: Any):
        """Between-group sd, within-group sd and ICC of replicates against those of the data."""
        return self._plot("plot_ppc", **options)

    def plot_posterior(self, **options: Any):
        """Posterior of each parameter over its prior."""
        return self._plot("plot_posterior", **options)

    def plot_variance_components(self, **options: Any):
        """Posterior of each sd and of sigma."""
        return self._plot("plot_variance_components", **options)

    def plot_icc(self, **options: Any):
        """The intraclass correlation; where there is a slope, as a curve with a band."""
        return self._plot("plot_icc", **options)

    def plot_correlation(self, **options: Any):
        """Heat map of `correlation`: how alike two rows of one group are, by where they are."""
        from bayesmixed.report.plots.correlation import plot_correlation

        return plot_correlation(self, **options)

    def plot_random_effects(self, **options: Any):
        """b of every group with its interval, beside the estimate of that group alone."""
        return self._plot("plot_random_effects", **options)

    def plot_compare_reml(self, **options: Any):
        """REML beside the posterior, interval beside interval."""
        return self._plot("plot_compare_reml", **options)

    def plot_data(self, **options: Any):
        """The rows by group, with the lines of the groups and of the population."""
        return self._plot("plot_data", **options)

    def _plot(self, name: str, **options: Any):
        from bayesmixed.report import plots

        return getattr(plots, name)(self, **options)

    # ---------------------------------------------------------------- out
    def sensitivity(self, threshold: float = 0.05, alphas: tuple[float, float] = (0.99, 1.01)) -> "pd.DataFrame":
        """How much each number moves when priors, or the likelihood, are scaled; see `power_scaling`."""
        from bayesmixed.sensitivity import power_scaling

        return power_scaling(self, threshold, alphas)

    def save(self, path: str | Path) -> None:
        """Write everything to a NetCDF file, in one step: the old file stays until the new one is whole."""
        from bayesmixed.storage import save

        save(self, path)

    def report(self, path: str | Path) -> None:
        """Write one self-contained HTML page with every table and picture."""
        from bayesmixed.report.page import write_report

        write_report(self, path)
