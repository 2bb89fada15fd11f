"""Parametric bootstrap: the fit repeated on tables drawn from its own estimates, at the level of the moments."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.quantities.by_label import coefficients_by_label, covariance_by_label, icc_by_label
from bayesmixed.reml.optimize import is_singular, minimise
from bayesmixed.reml.resampling.simulated import MomentSampler
from bayesmixed.seeds import generator, seed_sequence

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates

#: Threads pay where one refit is mostly compiled loops, which run without the interpreter's lock.
THREADS_FROM = 2_000
KINDS = ("percentile", "basic")


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Estimates of tables that were drawn from a fit's own estimates.

    Parameters
    ----------
    draws : pandas.DataFrame
        One row a replicate whose refit converged; columns are fixed effects, sd, correlations, sigma and ICC under
        the labels of the other tables. A correlation with an effect of sd 0 does not exist: nan.
    estimates : pandas.Series
        The same quantities of the fit.
    singular : ndarray of bool, shape (replicates - failed,)
        Whether the refit of a row of `draws` is singular, at the boundary of G.
    failed : int
        Replicates left out, because the optimiser stopped before it reached a minimum.
    """

    draws: "pd.DataFrame"
    estimates: "pd.Series"
    singular: NDArray[np.bool_]
    failed: int

    def __repr__(self) -> str:
        return (
            f"Bootstrap({len(self.draws)} replicates, {self.singular_share:.1%} of them singular, "
            f"{self.failed} failed)"
        )

    @property
    def singular_share(self) -> float:
        """Share of the replicates with a singular fit."""
        return float(self.singular.mean())

    def standard_errors(self) -> "pd.Series":
        """Standard deviation of each quantity over the replicates in which it exists."""
        return self.draws.std(ddof=1).rename("se")

    def confint(self, ci_prob: float = 0.95, kind: str = "percentile") -> "pd.DataFrame":
        """Bootstrap confidence intervals, one row a quantity.

        With t the estimate and ``t*_p`` the p-quantile of the replicates, the ``(R + 1) p``-th in order,

            percentile: (t*_a, t*_1-a),    basic: (2 t - t*_1-a, 2 t - t*_a),    a = (1 - ci_prob) / 2.

        Davison and Hinkley (1997), doi:10.1017/CBO9780511802843, equations 5.18 and 5.6. lme4's
        ``confint(method = "boot")`` gives the percentile interval. The basic one may leave the range of an sd
        or of a correlation.

        Parameters
        ----------
        ci_prob : float
        kind : {"percentile", "basic"}

        Returns
        -------
        pandas.DataFrame
            ``estimate``, ``lower``, ``upper``.
        """
        import pandas as pd

        check_choice("kind", kind, KINDS, RemlError)
        check_probability("ci_prob", ci_prob, RemlError)
        tail = (1.0 - ci_prob) / 2.0
        limits = [_quantile(self.draws, tail), _quantile(self.draws, 1.0 - tail)]
        if kind == "basic":
            twice = 2.0 * self.estimates.to_numpy()
            limits = [twice - limits[1], twice - limits[0]]
        columns = {"estimate": self.estimates.to_numpy(), "lower": limits[0], "upper": limits[1]}
        return pd.DataFrame(columns, index=self.estimates.index)


def _quantile(draws: "pd.DataFrame", probability: float) -> Array:
    """Quantile of each column over its finite values; nan where there are none."""
    columns = (draws[label].dropna().to_numpy() for label in draws)
    return np.array([np.quantile(c, probability, method="weibull") if len(c) else np.nan for c in columns])


class Refit(NamedTuple):
    """What is kept of one replicate, in the coding of the criterion."""

    theta: Array
    sigma: float
    beta: Array
    converged: bool


def bootstrap(
    fit: "Estimates",
    replicates: int = 1000,
    random_seed: Any = None,
    cores: int | None = None,
    progressbar: bool = False,
) -> Bootstrap:
    """Draw tables from the estimates of a fit and fit each; see `RemlFit.bootstrap`."""
    check_count("replicates", replicates, least=2)
    coded = fit.coded
    sampler = MomentSampler.of(coded.moments, fit.Lambda, *fit.coded_estimates)
    seed = seed_sequence(random_seed)

    def refit(replicate: int) -> Refit:
        criterion = replace(fit.objective, patterns=sampler.draw(generator(seed, replicate)))
        optimum = minimise(criterion)
        return Refit(optimum.theta, *criterion.estimates(optimum.theta), optimum.converged)

    threads = default_cores(len(sampler.patterns.Rza)) if cores is None else check_count("cores", cores)
    refits = list(progress(run(refit, replicates, threads), replicates, progressbar))
    return _collected(fit, refits)


def run(task: Callable[[int], Any], count: int, cores: int) -> Iterator[Any]:
    """``task(0), ..., task(count - 1)`` in this order, in threads when there are several cores."""
    if cores == 1:
        yield from map(task, range(count))
        return
    with ThreadPoolExecutor(cores) as pool:
        yield from pool.map(task, range(count))


def default_cores(rows: int) -> int:
    """One core where a refit takes a millisecond, else all."""
    return 1 if rows < THREADS_FROM else os.cpu_count() or 1


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Refuse what is not a whole number of at least `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise RemlError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def progress(results: Iterator[Any], count: int, shown: bool) -> Iterator[Any]:
    """The same results, told on standard error at every hundredth part."""
    for done, result in enumerate(results, start=1):
        if shown and (done * 100 // count) != ((done - 1) * 100 // count):
            end = "\n" if done == count else ""
            print(f"\rrefits: {done * 100 // count:3d} %", end=end, file=sys.stderr, flush=True)
        yield result


def _collected(fit: "Estimates", refits: list[Refit]) -> Bootstrap:
    import pandas as pd

    kept = [one for one in refits if one.converged]
    if not kept:
        raise RemlError("no refit of the bootstrap converged: check the estimates of the fit itself")
    Lambda = np.array([fit.objective.Lambda(one.theta) for one in kept])
    sigma, beta = np.array([one.sigma for one in kept]), np.array([one.beta for one in kept])
    draws = quantities_of_refits(fit, beta, Lambda, sigma)
    own_sigma, own_beta = fit.coded_estimates
    own = quantities_of_refits(fit, own_beta[None], fit.Lambda[None], np.array([own_sigma]))
    estimates = pd.Series({label: value[0] for label, value in own.items()}, name="estimate")
    return Bootstrap(
        pd.DataFrame(draws).rename_axis("replicate"),
        estimates.rename_axis("quantity"),
        np.array([is_singular(one) for one in Lambda]),
        len(refits) - len(kept),
    )


def quantities_of_refits(fit: "Estimates", beta: Array, Lambda: Array, sigma: Array) -> dict[str, Array]:
    """Every reported quantity in the user's coding, of many sets of estimates in the coding of the criterion."""
    coded, design, names = fit.coded, fit.design, fit.names
    root = sigma[:, None, None] * (coded.T_inverse @ Lambda)
    covariance = CovarianceParameters.from_G(root @ np.swapaxes(root, 1, 2), sigma)
    shown = CovarianceParameters(covariance.sd, _existing(covariance), sigma)
    return (
        coefficients_by_label(names, (beta + coded.shift) @ coded.fixed.inverse.T)
        | covariance_by_label(design, names, shown)
        | icc_by_label(design, covariance)
    )


def _existing(covariance: CovarianceParameters) -> Array:
    """Correlations, nan where an sd is 0."""
    positive = covariance.sd > 0.0
    return np.where(positive[:, :, None] & positive[:, None, :], covariance.corr, np.nan)
