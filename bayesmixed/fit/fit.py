"""A sampled posterior and everything that can be asked of it."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesmixed.arrays import Array
from bayesmixed.checks.methods import Checks
from bayesmixed.elsewhere.methods import FitElsewhere
from bayesmixed.fit.tables import FitTables
from bayesmixed.icc.methods import IccOfFit
from bayesmixed.leaving_out.methods import LeavingOut
from bayesmixed.marginal_effects.posterior_methods import EffectsOfFit
from bayesmixed.report.pictures import Pictures
from bayesmixed.report.reports import Reports
from bayesmixed.summary import Verdict, draws_in_words, judge

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesmixed.evidence import LogEvidence
    from bayesmixed.reconcile.flat import FlatDraws


class Fit(FitTables, IccOfFit, EffectsOfFit, Checks, LeavingOut, Pictures, Reports, FitElsewhere):
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
        draws = draws_in_words(self.shape, self.verdict.chained)
        return f"Fit({self.model.specification.formula!r}, {draws}; {self.verdict})"

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
        self,
        rows: Any = None,
        groups: str = "observed",
        kind: str = "mean",
        ci_prob: float = 0.95,
        ci_kind: str = "eti",
        random_seed: Any = 0,
    ) -> "pd.DataFrame":
        """Mean or response of rows, of their observed groups, of new groups, or at b = 0.

        See `bayesmixed.prediction.predict.predict_posterior` for what each integrates over, and the arguments.
        """
        from bayesmixed.prediction.predict import predict_posterior

        return predict_posterior(self, rows, groups, kind, ci_prob, ci_kind, random_seed)

    def fitted(self) -> Array:
        """Posterior mean of ``X beta + Z b + offset`` of every row, shape (N,)."""
        from bayesmixed.prediction.predict import posterior_mean_of_rows

        return posterior_mean_of_rows(self)

    def residuals(self) -> Array:
        """y minus `fitted`, shape (N,), in units of y."""
        return self.model.design.y - self.fitted()

    def posterior_predictive(
        self, groups: str = "observed", draws: int | None = None, random_seed: Any = 0
    ) -> "xr.DataTree":
        """Replicates of the table, added to ``idata`` as ``posterior_predictive``; returns ``idata``."""
        from bayesmixed.prediction.predict import add_posterior_predictive

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
        from bayesmixed.prediction.pointwise import add_log_likelihood

        return add_log_likelihood(self)

    def log_evidence(self, **options: Any) -> "LogEvidence":
        """Log marginal likelihood of the model that was fitted; see `MixedModel.log_evidence`."""
        return self.model.log_evidence(**options)

    def sensitivity(self, threshold: float = 0.05, alphas: tuple[float, float] = (0.99, 1.01)) -> "pd.DataFrame":
        """How much each number moves when priors, or the likelihood, are scaled.

        See `bayesmixed.sensitivity.power_scaling`.
        """
        from bayesmixed.sensitivity import power_scaling

        return power_scaling(self, threshold, alphas)

    def save(self, path: str | Path) -> None:
        """Write everything to a NetCDF file, in one step: the old file stays until the new one is whole."""
        from bayesmixed.storage import save

        save(self, path)
