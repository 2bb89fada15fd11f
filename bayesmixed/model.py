"""The user's entry: a formula and a table, and everything that can be asked of them."""

import warnings as python_warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.coded import CodedMoments
from bayesmixed.design import Design, build_design
from bayesmixed.elsewhere.methods import ModelElsewhere
from bayesmixed.errors import BayesmixedWarning, DesignError, RemlError
from bayesmixed.formula import parse_formula
from bayesmixed.model_checks import check_arguments, check_keep_groups, few_groups
from bayesmixed.model_matrices import ModelMatrices
from bayesmixed.moments import Moments
from bayesmixed.parameters import ParameterNames
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.printable import printable_line
from bayesmixed.priors.presets import resolve_priors
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.priors.shown import ModelPriors
from bayesmixed.specification import Specification
from bayesmixed.streaming.kinds import is_streamed
from bayesmixed.units import units_of

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayesmixed.engines.refitted import Refits
    from bayesmixed.evidence import LogEvidence
    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit


class MixedModel(ModelMatrices, ModelElsewhere):
    """A linear mixed model, ``y = X beta + Z b + offset + e`` with ``b_i ~ N(0, G)``, ``e ~ N(0, sigma^2 / w)``.

    This call stands for the line that the package follows, every step of which is public::

        specification = parse_formula(formula)  # what was asked
        design = build_design(specification, data)  # y, X, Z, groups
        coded = CodedMoments.of(design)  # the only pass over the rows
        resolved = resolve_priors(Priors.of(priors), design)  # priors with numbers in them
        posterior = MarginalPosterior.of(coded, resolved, ParameterNames.of(design))

    Parameters
    ----------
    formula : str
        lme4-style, for example ``"Reaction ~ Days + (Days | Subject)"``.
    data : pandas, Polars or PyArrow table, or dict of columns
        Rows in any order; rows with a missing value in a used column are dropped and counted. Or a table that
        is read in parts: path of Parquet files, PyArrow dataset, DuckDB relation, Dask or PySpark DataFrame; see
        `stream`.
    priors : str, dict, Priors, optional
        A preset such as ``"default"`` or ``"brms"`` (see `Priors`), or priors by the names of parameters.
    weights : str, optional
        Column of prior weights w: the residual variance of a row is ``sigma^2 / w``.
    units : dict of str to str, optional
        Units of columns, shown wherever a number has one.
    functions : dict of str to callable, optional
        The user's own transformations, for use in the formula.

    Raises
    ------
    FormulaError, TableError, DesignError, PriorError
        Each with one line that says what is wrong and what to do.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> model
    MixedModel('Reaction ~ Days + (Days | Subject)', 180 rows, 18 groups of Subject)
    """

    def __init__(
        self,
        formula: str,
        data: Any,
        *,
        priors: Priors | str | Mapping[str, Any] | None = None,
        weights: str | None = None,
        units: Mapping[str, str] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ):
        check_arguments(weights, units)
        self.specification: Specification = parse_formula(formula, functions or ())
        self.design: Design
        if is_streamed(data):
            from bayesmixed.streaming.build import streamed_design

            self.design = streamed_design(formula, data, weights, functions)
        else:
            self.design = build_design(self.specification, data, weights=weights, functions=functions)
        self._finish(priors, units, data, functions)

    def _finish(self, priors: Any, units: Mapping[str, str] | None, data: Any, functions: Any) -> None:
        self.units = units_of(units or {}, self.design, data)
        self._request = Priors.of(priors)
        self._resolved: ResolvedPriors | None = None
        if self._request.given:
            self.priors.resolved  # noqa: B018 - a misspelt parameter is the caller's error, now and not later
        self._functions = functions

    @classmethod
    def stream(
        cls,
        formula: str,
        source: Any,
        *,
        priors: Priors | str | Mapping[str, Any] | None = None,
        weights: str | None = None,
        units: Mapping[str, str] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        batch_rows: int | None = None,
    ) -> "MixedModel":
        """A model of a table that is read in parts, twice, and never held in memory.

        The constructor does the same of itself for a path of Parquet files, a PyArrow dataset, a DuckDB
        relation, a Dask or a PySpark DataFrame. Here a pandas, Polars (lazy too) or PyArrow table is read in
        parts as well. What needs the rows afterwards (residuals, posterior predictive, V) raises an error that
        says so.

        Parameters
        ----------
        formula, priors, weights, units, functions
            As for `MixedModel`; the brms preset, ``poly`` and ``bs`` need all rows at once and are refused.
        source : path, dataset, relation or table
        batch_rows : int, optional
            Rows of a part, where the source lets us choose: 250,000 unless said.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> data = bm.load_dataset("sleepstudy")
        >>> model = bm.MixedModel.stream("Reaction ~ Days + (Days | Subject)", data, batch_rows=50)
        >>> round(model.reml().criterion, 4)
        1743.6283
        """
        from bayesmixed.streaming.build import streamed_design

        check_arguments(weights, units)
        design = streamed_design(formula, source, weights, functions, batch_rows)
        return cls._of_design(design, priors, units, functions)

    @classmethod
    def from_moments(
        cls,
        formula: str,
        moments: "Moments | list[Moments]",
        *,
        priors: Priors | str | Mapping[str, Any] | None = None,
        units: Mapping[str, str] | None = None,
    ) -> "MixedModel":
        """A model of rows that others have summed up: see `bayesmixed.summarise` for the two steps.

        Parameters
        ----------
        formula : str
            The formula that the moments were made with.
        moments : Moments, or list of them
            Of `bayesmixed.sum_moments`, ``model.moments`` or `Moments.load`, all with the same agreement. Groups
            of the same name in several of them are one group.
        priors, units
            As for `MixedModel`.

        Raises
        ------
        DesignError
            The moments belong to another formula, or to different agreements.
        """
        from bayesmixed.streaming.build import design_of_moments

        check_arguments(None, units)
        design = design_of_moments(formula, moments)
        return cls._of_design(design, priors, units, design.encoding.functions)

    @classmethod
    def _of_design(cls, design: Design, priors: Any, units: Any, functions: Any) -> "MixedModel":
        model = cls.__new__(cls)
        model.specification, model.design = design.specification, design
        model._finish(priors, units, dict.fromkeys(design.used_names, ()), functions)
        return model

    @classmethod
    def _with_resolved(cls, formula: str, data: Any, resolved: ResolvedPriors, **options: Any) -> "MixedModel":
        """A model whose priors keep the numbers that an earlier table gave them."""
        model = cls(formula, data, **options)
        model._resolved = resolved
        return model

    def _with_response(self, y: Array) -> "MixedModel":
        """The same rows, groups and numbers of the priors with another response, (N,)."""
        model = type(self)._of_design(replace(self.design, y=y), None, {}, self._functions)
        model._resolved = self.priors.resolved
        return model

    def __repr__(self) -> str:
        design = self.design
        return (
            f"MixedModel({self.specification.formula!r}, {design.n_obs} rows, "
            f"{design.n_groups} groups of {printable_line(design.factor_name)})"
        )

    def _repr_html_(self) -> str:
        from bayesmixed.report.notebook import model_html

        return model_html(self)

    @cached_property
    def names(self) -> ParameterNames:
        """Names, dimensions and coordinates of every parameter."""
        return ParameterNames.of(self.design)

    @cached_property
    def coded(self) -> CodedMoments:
        """Moments in centred and scaled columns, and the way back."""
        return CodedMoments.of(self.design)

    @cached_property
    def moments(self) -> Moments:
        """The sufficient statistics of the rows, and what they belong to; see `Moments.save`."""
        from bayesmixed.streaming.build import with_header

        return with_header(self.design, self.coded)

    @cached_property
    def priors(self) -> ModelPriors:
        """The priors in use; prints what every number means. ``priors.resolved`` has the numbers."""
        if self._resolved is None:
            self._resolved = resolve_priors(self._request, self.design)
        return ModelPriors(self._resolved, self.names, self.units, self.design)

    @cached_property
    def posterior(self) -> MarginalPosterior:
        """The kernel in the coding of the priors."""
        return MarginalPosterior.of(self.coded, self.priors.resolved, self.names)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of any result of this model should know."""
        return (*self.design.warnings, *self.priors.warnings, *few_groups(self.design))

    def reml(self, method: str = "REML") -> "RemlFit":
        """Fit by REML, or by ML with ``method="ML"``; see `RemlFit`."""
        check_choice("method", method, ("REML", "ML"), RemlError)
        if method not in self._reml:
            from bayesmixed.reml import fit_reml

            self._reml[method] = fit_reml(self.design, self.coded, method, self.units)
        return self._reml[method]

    @cached_property
    def _reml(self) -> dict[str, "RemlFit"]:
        return {}

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
        from bayesmixed.draws import assemble
        from bayesmixed.engines.settings import SamplerSettings
        from bayesmixed.sampling import sample
        from bayesmixed.seeds import seed_sequence

        check_keep_groups(keep_groups)
        seed = seed_sequence(random_seed)
        settings = SamplerSettings(draws, tune, chains, cores, seed, progressbar, target_accept)
        for text in self.warnings:
            python_warnings.warn(text, BayesmixedWarning, stacklevel=2)
        sampled = sample(self, settings, engine)
        return self._fit_of(assemble(self, sampled, seed, keep_groups, cores))

    def _fit_of(self, idata: "xr.DataTree") -> "Fit":
        from bayesmixed.fit import Fit
        from bayesmixed.pointwise import add_small_log_likelihood

        fit = Fit(self, idata)
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

        return refit(self, responses, draws, random_seed, cores, fallback)

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

        return log_evidence(Target.of(self), method, random_seed, repeats, cores)

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
        from bayesmixed.draws import assemble
        from bayesmixed.external import from_datatree
        from bayesmixed.seeds import seed_sequence

        check_keep_groups(keep_groups)
        seed = seed_sequence(random_seed)
        sampled = from_datatree(self.posterior, datatree, seed)
        return self._fit_of(assemble(self, sampled, seed, keep_groups))

    def prior_predictive(self, draws: int = 500, random_seed: Any = 0) -> "xr.DataTree":
        """Draws from the priors, and their tables; see `bayesmixed.predict.prior_predictive`."""
        from bayesmixed.predict import prior_predictive

        return prior_predictive(self, draws, random_seed)

    def to_pymc(self, graph: str = "marginal", parametrisation: str = "noncentered") -> "pm.Model":
        """The model as a PyMC graph, usable with ``pm.sample``.

        Parameters
        ----------
        graph : {"marginal", "hierarchical"}
            ``marginal``: b, and every coefficient with a normal, Student-t or flat prior, integrated out.
            ``hierarchical``: all explicit.
        parametrisation : {"noncentered", "centered"}
            Of b in the hierarchical graph.
        """
        from bayesmixed.graph import hierarchical_graph, marginal_graph

        check_choice("graph", graph, ("marginal", "hierarchical"), DesignError)
        if graph == "marginal":
            return marginal_graph(self.design, self.posterior, self.names)
        return hierarchical_graph(self.design, self.priors.resolved, self.names, parametrisation)

    def to_bambi(self) -> Any:
        """The same model, with the same priors, as a ``bambi.Model``: the inverse of `bayesmixed.from_bambi`.

        Needs Bambi: ``pip install bayesmixed[bambi]``. Correlated random effects are refused, because Bambi has
        none (our ``(x || g)`` is its ``(x | g)``); so are weights whose mean is not 1, and a prior of an
        intercept that is stated neither at x = 0 nor at the means of the columns.

        Raises
        ------
        DesignError, PriorError
            Bambi cannot say it; the message names the term.
        """
        from bayesmixed.bambi_models import to_bambi

        return to_bambi(self)

    def explain(self) -> None:
        """Print formula, data, X, Z, G, V, priors and units on one screen."""
        from bayesmixed.report.explain import explain

        print(explain(self))
