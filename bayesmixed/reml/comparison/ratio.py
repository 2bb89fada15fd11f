"""Likelihood-ratio tests of nested models."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.moments import Patterns
from bayesmixed.reml.comparison.mixture import chi_square_p, mixture_name, mixture_p
from bayesmixed.reml.comparison.nesting import Nesting, check_same_rows
from bayesmixed.reml.comparison.submodel import submodel
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.estimates import Estimates
from bayesmixed.reml.optimize import minimise
from bayesmixed.reml.resampling.bootstrap import check_count, default_cores, run
from bayesmixed.reml.resampling.simulated import MomentSampler
from bayesmixed.seeds import generator, seed_sequence

if TYPE_CHECKING:
    import pandas as pd

#: Ratios of criteria are known up to this; an equal one counts as one at least as large.
ROUNDING = 1e-6


@dataclass(frozen=True)
class BootstrapTest:
    """A p-value from ratios of tables that were drawn under the smaller model.

    Parameters
    ----------
    p : float
        ``(1 + ratios >= the observed one) / (1 + ratios)``.
    replicates : int
        Ratios that were used.
    failed : int
        Replicates left out because an optimiser stopped too early.
    """

    p: float
    replicates: int
    failed: int

    @property
    def error(self) -> float:
        """Monte Carlo standard error of p."""
        return float(np.sqrt(self.p * (1.0 - self.p) / self.replicates))


@dataclass(frozen=True)
class LikelihoodRatioTest:
    """Two nested models and the test of what the larger one adds.

    Parameters
    ----------
    formulas : tuple of str
        Of the smaller and the larger model, as are all pairs below.
    method : str
        ``"REML"`` or ``"ML"``.
    criteria : tuple of float
        -2 log (restricted) likelihood; of REML fits both in the larger model's coding of X.
    n_parameters : tuple of int
    n_obs : int
    zero_variances : int
        Variances of the larger model that the smaller one sets to zero, the end of their range.
    bootstrap : BootstrapTest or None
    notes : tuple of str
        What a reader should know.
    """

    formulas: tuple[str, str]
    method: str
    criteria: tuple[float, float]
    n_parameters: tuple[int, int]
    n_obs: int
    zero_variances: int
    bootstrap: BootstrapTest | None = None
    notes: tuple[str, ...] = ()

    @property
    def statistic(self) -> float:
        """``-2 log`` of the likelihood ratio, at least 0."""
        return max(0.0, self.criteria[0] - self.criteria[1])

    @property
    def df(self) -> int:
        """Parameters that the larger model adds."""
        return self.n_parameters[1] - self.n_parameters[0]

    @property
    def p_chi2(self) -> float:
        """P-value of chi2_df; too large where a variance is zero."""
        return chi_square_p(self.statistic, self.df)

    @property
    def p_mixture(self) -> float | None:
        """P-value of the 50:50 mixture, see `mixture_p`; None where no variance is zero."""
        return mixture_p(self.statistic, self.df) if self.zero_variances else None

    @property
    def p(self) -> float:
        """By bootstrap if it was asked for; else by the mixture where a variance is zero; else by chi2_df."""
        if self.bootstrap is not None:
            return self.bootstrap.p
        return self.p_chi2 if self.p_mixture is None else self.p_mixture

    @property
    def p_method(self) -> str:
        """Which distribution `p` comes from."""
        if self.bootstrap is not None:
            return f"bootstrap, {self.bootstrap.replicates} replicates"
        return mixture_name(self.df) if self.zero_variances else f"chi2({self.df})"

    def __repr__(self) -> str:
        lines = [
            f"LikelihoodRatioTest({self.method}: {self.formulas[0]!r} in {self.formulas[1]!r})",
            f"statistic {self.statistic:.4f}, df {self.df}, p {self.p:.4g} ({self.p_method})",
        ]
        return "\n".join([*lines, *self.notes])

    def to_frame(self) -> "pd.DataFrame":
        """One row a model, the smaller first; the test beside the larger one."""
        import pandas as pd

        criteria, counts = np.array(self.criteria), np.array(self.n_parameters)
        bootstrap = np.nan if self.bootstrap is None else self.bootstrap.p
        mixture = np.nan if self.p_mixture is None else self.p_mixture
        columns = {
            "parameters": counts,
            "aic": criteria + 2.0 * counts,
            "bic": criteria + np.log(self.n_obs) * counts,
            "log_likelihood": -0.5 * criteria,
            "statistic": [np.nan, self.statistic],
            "df": [np.nan, self.df],
            "p": [np.nan, self.p],
            "p_chi2": [np.nan, self.p_chi2],
            "p_mixture": [np.nan, mixture],
            "p_bootstrap": [np.nan, bootstrap],
        }
        return pd.DataFrame(columns, index=pd.Index(self.formulas, name="model"))


def likelihood_ratio_test(
    first: Estimates,
    second: Estimates,
    *,
    bootstrap: int = 0,
    random_seed: Any = None,
    cores: int | None = None,
) -> LikelihoodRatioTest:
    """Test what the larger of two nested models adds: -2 log of the ratio of their likelihoods.

    For many groups the statistic has a chi-square distribution with one degree of freedom a parameter, unless the
    smaller model sets a variance to zero: see ``p_mixture`` of what it returns. Fixed effects are tested with ML
    fits; with few groups their chi-square p-value is too small: prefer ``df="kenward-roger"`` or the bootstrap.

    Parameters
    ----------
    first, second : RemlFit
        In any order.
    bootstrap : int
        Number of tables to draw under the smaller model, at its estimates; 0 for none.
    random_seed : int, SeedSequence, Generator, optional
    cores : int, optional
        Threads for the refits; the result does not depend on it.

    Raises
    ------
    RemlError
        REML fits whose X span different spaces, a REML and an ML fit, other rows, responses, weights, offsets or
        groups, models of which neither is a special case of the other, or one model twice.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> data = bm.load_dataset("sleepstudy")
    >>> slope = bm.MixedModel("Reaction ~ Days + (Days | Subject)", data).reml()
    >>> intercept = bm.MixedModel("Reaction ~ Days + (1 | Subject)", data).reml()
    >>> test = bm.likelihood_ratio_test(intercept, slope)
    >>> print(f"{test.statistic:.4f} on {test.df} df, {test.p_method}")
    42.8368 on 2 df, 0.5 chi2(1) + 0.5 chi2(2)
    """
    _check_fits(first, second)
    small, large = sorted((first, second), key=lambda fit: fit.n_parameters)
    nesting = _nesting(small, large)
    # The restricted likelihood depends on the coding of X, by log|X'X|: put both in one.
    shift = log_det_X(large) - log_det_X(small) if large.objective.restricted else 0.0
    test = LikelihoodRatioTest(
        (small.design.specification.formula, large.design.specification.formula),
        large.method,
        (small.criterion + shift, large.criterion),
        (small.n_parameters, large.n_parameters),
        large.design.n_obs,
        nesting.zero_variances,
        notes=_notes(small, nesting, large.n_parameters - small.n_parameters),
    )
    if not check_count("bootstrap", bootstrap, least=0):
        return test

    def small_value(patterns: Patterns) -> float:
        reduced = submodel(patterns, nesting.Z_map, nesting.X_map)
        return converged_value(replace(small.objective, patterns=reduced)) + shift

    Lambda = nesting.Z_map @ small.Lambda
    ratios = null_ratios(large, Lambda, small_value, bootstrap, random_seed, cores)
    return replace(test, bootstrap=bootstrap_test(test.statistic, ratios))


def _check_fits(first: Any, second: Any) -> None:
    for fit in (first, second):
        if not isinstance(fit, Estimates):
            raise RemlError(f"a likelihood-ratio test takes two fits by model.reml(), not {type(fit).__name__}")
    check_same_rows(first, second)


def _nesting(small: Estimates, large: Estimates) -> Nesting:
    """How the models nest, with what REML cannot compare and models that are one refused."""
    nesting = Nesting.of(small, large)
    if large.objective.restricted and not nesting.same_means:
        raise RemlError(
            "REML fits with different fixed effects do not compare, because each removes its own: fit both with "
            "method='ML'"
        )
    if small.n_parameters == large.n_parameters:
        raise RemlError("the fits are of one and the same model, so there is nothing to test")
    return nesting


def _notes(small: Estimates, nesting: Nesting, df: int) -> tuple[str, ...]:
    notes = []
    count = nesting.zero_variances
    if count:
        what = "a variance" if count == 1 else f"{count} variances"
        rule = "the distribution for many groups" if count == 1 else "an upper bound of p for many groups"
        notes.append(
            f"the smaller model sets {what} to zero, the end of the range: {mixture_name(df)} is {rule}, "
            f"chi2({df}) is too cautious"
        )
    if small.singular:
        notes.append(
            "the smaller model is singular itself, so that no chi-square rule is sure to hold: use bootstrap=1000"
        )
    return tuple(notes)


def log_det_X(fit: Estimates) -> float:
    """``log|X'WX|`` in the user's coding."""
    diagonal = np.diag(fit.coded.moments.triangle())[: fit.objective.p]
    return 2.0 * float(np.log(np.abs(diagonal)).sum() + fit.coded.fixed.log_det)


def converged_value(criterion: Criterion) -> float:
    """The smallest value of a criterion; nan where the optimiser stopped too early."""
    optimum = minimise(criterion)
    return optimum.value if optimum.converged else float("nan")


def null_ratios(
    large: Estimates,
    Lambda: Array,
    small_value: Callable[[Patterns], float],
    replicates: int,
    random_seed: Any,
    cores: int | None,
) -> Array:
    """Statistics of tables drawn with ``D = Lambda Lambda'``; nan where a refit failed.

    beta and sigma are left at 0 and 1: both models fit beta, and the ratio has no unit.

    Parameters
    ----------
    large : Estimates
    Lambda : ndarray, shape (q, k)
        In the coding of its criterion.
    small_value : callable
        The smaller model's criterion at its minimum, in the larger one's coding of X.
    """
    sampler = MomentSampler.of(large.coded.moments, Lambda)
    seed = seed_sequence(random_seed)

    def ratio(replicate: int) -> float:
        patterns = sampler.draw(generator(seed, replicate))
        return small_value(patterns) - converged_value(replace(large.objective, patterns=patterns))

    threads = default_cores(len(sampler.patterns.Rza)) if cores is None else check_count("cores", cores)
    return np.array(list(run(ratio, replicates, threads)))


def bootstrap_test(statistic: float, ratios: Array) -> BootstrapTest:
    """P-value of a statistic among ratios drawn under the smaller model."""
    used = ratios[np.isfinite(ratios)]
    count = int((used >= statistic - ROUNDING).sum())
    return BootstrapTest((1.0 + count) / (1.0 + len(used)), len(used), len(ratios) - len(used))
