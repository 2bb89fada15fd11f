"""Tests of variance components against zero, one for each term of the random part."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.moments import Patterns
from bayesmixed.reml.comparison.exact_ratio import RatioDistribution
from bayesmixed.reml.comparison.mixture import chi_square_p, mixture_name, mixture_p
from bayesmixed.reml.comparison.ratio import ROUNDING, bootstrap_test, converged_value, null_ratios
from bayesmixed.reml.comparison.reductions import Reduction, reductions
from bayesmixed.reml.comparison.submodel import submodel
from bayesmixed.reml.optimize import minimise
from bayesmixed.reml.resampling.bootstrap import check_count
from bayesmixed.seeds import child_seed, seed_sequence

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates


class PValue(NamedTuple):
    """A p-value, its Monte Carlo standard error (0 if nothing was simulated), and where it comes from."""

    p: float
    error: float
    method: str


def random_effects_tests(
    fit: "Estimates", bootstrap: int = 0, random_seed: Any = None, draws: int = 10_000, cores: int | None = None
) -> "pd.DataFrame":
    """Leave out each random term in turn; see `RemlFit.test_random_effects`."""
    import pandas as pd

    check_count("bootstrap", bootstrap, least=0)
    check_count("draws", draws, least=100)
    seed = seed_sequence(random_seed)
    rows = {}
    for k, reduction in enumerate(reductions(fit)):
        df = len(fit.optimum.theta) - reduction.n_theta
        criterion, Lambda = _reduced(fit, reduction)
        statistic = max(0.0, criterion - fit.criterion)
        statistic = 0.0 if statistic < ROUNDING else statistic
        if bootstrap:
            found = _by_bootstrap(fit, reduction, Lambda, statistic, bootstrap, child_seed(seed, k), cores)
        else:
            found = _p_value(fit, reduction, statistic, df, draws, np.random.default_rng(child_seed(seed, k)))
        rows[reduction.label] = {
            "parameters": fit.n_parameters - df,
            "log_likelihood": -0.5 * criterion,
            "statistic": statistic,
            "df": df,
            "p": found.p,
            "p_error": found.error,
            "method": found.method,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("term")


def _reduced(fit: "Estimates", reduction: Reduction) -> tuple[float, Array]:
    """The smaller model's criterion at its minimum, and its square root of D in the larger one's columns."""
    objective = fit.objective
    if not reduction.blocks:
        return objective.value(np.zeros(len(fit.optimum.theta))), np.empty((objective.q, 0))
    patterns = submodel(objective.patterns, reduction.Z_map)
    small = replace(objective, patterns=patterns, blocks=reduction.blocks)
    found = minimise(small)
    return found.value, reduction.Z_map @ small.Lambda(found.theta)


def _p_value(
    fit: "Estimates", reduction: Reduction, statistic: float, df: int, draws: int, rng: np.random.Generator
) -> PValue:
    """Exact for the only variance component of a model; else of the chi-square distributions for many groups."""
    if fit.objective.q == 1:
        exact = RatioDistribution.of(fit.coded.moments, fit.objective.restricted)
        if exact is not None:
            how = "exact" if exact.one_value else f"exact distribution, {draws} draws"
            return PValue(*exact.p_value(statistic, draws, rng), how)
    zero = fit.objective.q - reduction.Z_map.shape[1]
    if not zero:
        return PValue(chi_square_p(statistic, df), 0.0, f"chi2({df})")
    bound = "" if zero == 1 else " (upper bound)"
    return PValue(mixture_p(statistic, df), 0.0, mixture_name(df) + bound)


def _by_bootstrap(
    fit: "Estimates",
    reduction: Reduction,
    Lambda: Array,
    statistic: float,
    replicates: int,
    seed: np.random.SeedSequence,
    cores: int | None,
) -> PValue:
    def small_value(patterns: Patterns) -> float:
        if not reduction.blocks:
            criterion = replace(fit.objective, patterns=patterns)
            return criterion.value(np.zeros(len(fit.optimum.theta)))
        reduced = submodel(patterns, reduction.Z_map)
        return converged_value(replace(fit.objective, patterns=reduced, blocks=reduction.blocks))

    test = bootstrap_test(statistic, null_ratios(fit, Lambda, small_value, replicates, seed, cores))
    return PValue(test.p, test.error, f"bootstrap, {test.replicates} replicates")
