"""Posteriors of a model: one fit, many of them, their evidence, and draws from the priors."""

import warnings as python_warnings
from typing import TYPE_CHECKING, Any, cast

from bayesmixed.arrays import Array
from bayesmixed.errors import BayesmixedWarning
from bayesmixed.model.checks import check_keep_groups
from bayesmixed.model.stages import ModelStages

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.engines.refitted import Refits
    from bayesmixed.evidence.marginal import LogEvidence
    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel


class ModelPosteriors(ModelStages):
    """What is sampled or integrated of a `MixedModel`."""

    @property
    def _model(self) -> "MixedModel":
        return cast("MixedModel", self)

    def fit(
        self,
        draws: int = 1000,
        tune: int = 1000,
        chains: int = 4,
        cores: int | None = None,
        random_seed: Any = None,
        progressbar: bool = True,
        target_accept: float = 0.9,
        engine: str = "auto",
        keep_groups: bool | str = "auto",
    ) -> "Fit":
        """Sample the posterior: NUTS on the covariance parameters, then exact draws of beta and b.

        Parameters
        ----------
        draws, tune, chains : int
            Draws kept and discarded in each chain, and the number of chains.
        cores : int, optional
            Chains run at once; all cores if None.
        random_seed : int, SeedSequence or Generator, optional
            The same seed gives the same draws, on any number of cores.
        progressbar : bool
        target_accept : float
            NUTS shortens its steps until this share of proposals is accepted.
        engine : {"auto", "compiled", "pymc", "importance", "quadrature"}
            "compiled" (NUTS) for priors of the built-in families, "pymc" (NUTS) for PyMC distributions of the
            user's own. "importance": independent weighted draws, resampled; NUTS takes over, with a warning, where
            their weights are not to be trusted. "quadrature": independent draws from a grid, for at most two
            random effects and normal or flat priors of the coefficients. Both take ``chains * draws`` draws and
            have no tuning, no R-hat and no divergences; ``idata.attrs["log_evidence"]`` is theirs.
        keep_groups : {"auto", True, False}
            Keep the draws of b; "auto" keeps up to 1 GB of them and exact moments beyond.

        Returns
        -------
        Fit
        """
        from bayesmixed.engines.settings import SamplerSettings
        from bayesmixed.sampling.draws import assemble
        from bayesmixed.sampling.sample import sample
        from bayesmixed.seeds import seed_sequence

        check_keep_groups(keep_groups)
        seed = seed_sequence(random_seed)
        settings = SamplerSettings(draws, tune, chains, cores, seed, progressbar, target_accept)
        for text in self.warnings:
            python_warnings.warn(text, BayesmixedWarning, stacklevel=2)
        sampled = sample(self._model, settings, engine)
        return self._fit_of(assemble(self._model, sampled, seed, keep_groups, cores))

    def _fit_of(self, idata: "xr.DataTree") -> "Fit":
        from bayesmixed.fit import Fit
        from bayesmixed.prediction.pointwise import add_small_log_likelihood

        fit = Fit(self._model, idata)
        add_small_log_likelihood(fit)
        return fit

    def refit(
        self,
        responses: Array,
        draws: int = 500,
        random_seed: Any = None,
        cores: int | None = None,
        fallback: str = "nuts",
    ) -> "Refits":
        """Posteriors of many responses under this model, by importance sampling: a few milliseconds each.

        X, Z, groups, weights, offset and the numbers of the priors stay those of this model.

        Parameters
        ----------
        responses : ndarray, shape (n, N)
            One row a response, in the order of ``design.y``.
        draws : int
            Weighted draws of each.
        random_seed : int, SeedSequence or Generator, optional
            The same seed gives the same draws, on any number of cores.
        cores : int, optional
            Threads; all cores if None.
        fallback : {"nuts", "warn"}
            What happens to a response whose importance weights have k-hat > 0.7: NUTS takes over, with a warning
            (a second or so each), or it is left as it is, with a warning.

        Returns
        -------
        Refits

        Examples
        --------
        >>> import numpy as np
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
        >>> refits = model.refit(np.stack([model.design.y, 2.0 * model.design.y]), random_seed=1)
        >>> list(refits.means().columns)
        ['Intercept', '1|Batch_sigma', 'sigma']
        """
        from bayesmixed.engines.refits import refit

        return refit(self._model, responses, draws, random_seed, cores, fallback)

    def log_evidence(
        self, method: str = "auto", random_seed: Any = 0, repeats: int = 10, cores: int | None = None
    ) -> "LogEvidence":
        """Log marginal likelihood ``log p(y)``: likelihood times priors, integrated over every parameter.

        Parameters
        ----------
        method : {"auto", "quadrature", "bridge"}
            "quadrature": a grid, for at most two random effects and normal or flat priors of the coefficients.
            "bridge": NUTS draws, half of which fit a proposal that the other half is bridged with. "auto": a grid
            where that is possible in a second or so.
        random_seed : int, SeedSequence or Generator
        repeats : int
            Bridges over new halves of the draws; their sd is the Monte Carlo error.
        cores : int, optional

        Returns
        -------
        LogEvidence
            ``value`` and ``error``. `bayesmixed.bayes_factor` compares two.

        Raises
        ------
        PriorError
            A prior is a PyMC distribution.

        References
        ----------
        Gronau et al. (2017), doi:10.1016/j.jmp.2017.09.005.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).log_evidence()
        LogEvidence(-168.6731 +- 1e-05 by quadrature)
        """
        from bayesmixed.evidence.marginal import Target, log_evidence

        return log_evidence(Target.of(self._model), method, random_seed, repeats, cores)

    def fit_from(self, datatree: "xr.DataTree", random_seed: Any = 0, keep_groups: bool | str = "auto") -> "Fit":
        """Turn draws of the covariance parameters, by any sampler, into a Fit with exact beta and b.

        Parameters
        ----------
        datatree : xarray.DataTree
            With a group ``posterior`` that holds the sd, the correlations and sigma under the names of this
            model, such as ``pm.sample`` gives for either graph. What its attributes say of the sampler (library,
            tuning steps, target_accept, seconds) is kept; what they do not say stays unknown.
        random_seed : int, SeedSequence or Generator
        keep_groups : {"auto", True, False}
        """
        from bayesmixed.sampling.draws import assemble
        from bayesmixed.sampling.external import from_datatree
        from bayesmixed.seeds import seed_sequence

        check_keep_groups(keep_groups)
        seed = seed_sequence(random_seed)
        sampled = from_datatree(self.posterior, datatree, seed)
        return self._fit_of(assemble(self._model, sampled, seed, keep_groups))

    def prior_predictive(self, draws: int = 500, random_seed: Any = 0) -> "xr.DataTree":
        """Draws from the priors, and their tables; see `bayesmixed.prediction.predict.prior_predictive`."""
        from bayesmixed.prediction.predict import prior_predictive

        return prior_predictive(self._model, draws, random_seed)
