"""Numbers that sum up draws, and the verdict on the sampler that made them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array, Index
from bayesmixed.errors import SamplingError
from bayesmixed.printable import printable_line

if TYPE_CHECKING:
    import xarray as xr

KINDS = ("eti", "hdi")


def interval_names(ci_prob: float, ci_kind: str) -> tuple[str, str]:
    """Names of the limits as ArviZ writes them: ``eti95_lb``, ``eti95_ub``."""
    check_choice("ci_kind", ci_kind, KINDS, SamplingError)
    check_probability("ci_prob", ci_prob, SamplingError)
    percent = f"{100 * ci_prob:g}"
    return f"{ci_kind}{percent}_lb", f"{ci_kind}{percent}_ub"


def intervals(values: Array, ci_prob: float = 0.95, ci_kind: str = "eti") -> tuple[Array, Array]:
    """Equal-tailed, or shortest, intervals of draws, (draws, ...); one for each further entry."""
    if ci_kind == "eti":
        low, high = np.quantile(values, [(1.0 - ci_prob) / 2.0, (1.0 + ci_prob) / 2.0], axis=0)
        return low, high
    ordered = np.sort(values, axis=0)
    # As ArviZ counts: the interval spans this many gaps between draws.
    gaps = min(int(np.floor(ci_prob * len(ordered))), len(ordered) - 1)
    low, high = ordered[: len(ordered) - gaps], ordered[gaps:]
    narrowest = np.argmin(high - low, axis=0)[None]
    return np.take_along_axis(low, narrowest, axis=0)[0], np.take_along_axis(high, narrowest, axis=0)[0]


def interval(values: Array, ci_prob: float = 0.95, ci_kind: str = "eti") -> tuple[float, float]:
    """The interval of the draws of one quantity."""
    low, high = intervals(np.ravel(values), ci_prob, ci_kind)
    return float(low), float(high)


def describe_each(values: Array, ci_prob: float = 0.95, ci_kind: str = "eti") -> dict[str, Array]:
    """Mean, sd, median and interval of draws, (draws, ...), for each further entry."""
    lower, upper = interval_names(ci_prob, ci_kind)
    low, high = intervals(values, ci_prob, ci_kind)
    sd = np.std(values, axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)
    median = np.median(values, axis=0)
    return {"mean": np.mean(values, axis=0), "sd": sd, "median": median, lower: low, upper: high}


def describe(values: Array, ci_prob: float = 0.95, ci_kind: str = "eti") -> dict[str, float]:
    """Mean, sd, median and interval of the draws of one quantity."""
    return {name: float(value) for name, value in describe_each(np.ravel(values), ci_prob, ci_kind).items()}


def convergence(values: Array, ancestor: Index | None = None) -> dict[str, float]:
    """R-hat, effective sample sizes and Monte Carlo error of one quantity, (chains, draws).

    By ArviZ; Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), doi:10.1214/20-BA1221. Tails begin at 5 %
    and 95 %, as there and in brms; ``az.summary`` takes them at its own interval.

    Draws that are copies of independent weighted ones have no R-hat, and `effective_size` by their ancestors.

    Parameters
    ----------
    values : ndarray, shape (chains, draws)
    ancestor : ndarray of int, shape (chains, draws), optional
        The independent draw that each one is a copy of; None for Markov chains.
    """
    if values.size < 4 or (ancestor is None and values.shape[1] < 4) or np.ptp(values) == 0.0:
        return {"r_hat": np.nan, "ess_bulk": np.nan, "ess_tail": np.nan, "mcse_mean": np.nan}
    if ancestor is not None:
        return _independent(np.ravel(values), np.unique(ancestor, return_inverse=True)[1].ravel())
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 0, "draw_axis": 1}
    r_hat = float(array_stats.rhat(values, **axes)) if values.shape[0] > 1 else np.nan
    return {
        "r_hat": r_hat,
        "ess_bulk": float(array_stats.ess(values, method="bulk", **axes)),
        "ess_tail": float(array_stats.ess(values, method="tail", prob=(0.05, 0.95), **axes)),
        "mcse_mean": float(array_stats.mcse(values, method="mean", **axes)),
    }


def effective_size(values: Array, ancestor: Index) -> float:
    """Independent draws that resampled ones are worth, for the mean of one quantity.

    With T draws f_t and the sums over the copies of each weighted draw i,

        ESS = sum (f_t - mean)^2 T / sum_i ( sum of (f_t - mean) over copies of i )^2,

    which is T if no draw was taken twice. For a quantity that copies share it is
    ``var(f) / sum W_i^2 (f_i - mean)^2`` with the weights ``W_i = copies / T``, which hold the error of the
    weights and that of resampling them: where all ``T W_i < 1`` this is rejection sampling, whose draws are
    independent.

    Parameters
    ----------
    values : ndarray, shape (T,)
    ancestor : ndarray of int, shape (T,)

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1]))
    2.0
    """
    off = values - values.mean()
    sums = np.bincount(ancestor, weights=off)
    error = sums @ sums
    return float(len(values) * (off @ off) / error) if error > 0.0 else float("nan")


def _independent(values: Array, ancestor: Index) -> dict[str, float]:
    tails = [(values <= limit).astype(float) for limit in np.quantile(values, [0.05, 0.95])]
    bulk = effective_size(values, ancestor)
    return {
        "r_hat": float("nan"),
        "ess_bulk": bulk,
        "ess_tail": min(effective_size(tail, ancestor) for tail in tails),
        "mcse_mean": float(np.std(values, ddof=1) / np.sqrt(bulk)),
    }


@dataclass(frozen=True)
class Verdict:
    """Whether the draws can be trusted, with a readable reason for each doubt.

    Parameters
    ----------
    divergences : int
    max_rhat, min_ess_bulk, min_ess_tail, min_bfmi : float
        nan where undefined.
    reasons : tuple of str
        Empty if all is well.
    k_hat : float, optional
        Of importance weights: how heavy their tail is; above 0.7 they are not to be trusted.
    chained : bool
        Whether the draws are those of Markov chains.
    """

    divergences: int
    max_rhat: float
    min_ess_bulk: float
    min_ess_tail: float
    min_bfmi: float
    reasons: tuple[str, ...]
    k_hat: float | None = None
    chained: bool = True

    @property
    def ok(self) -> bool:
        return not self.reasons

    @property
    def numbers(self) -> dict[str, float]:
        """What was judged, by name; nan where undefined."""
        return {
            "divergences": self.divergences,
            "max_rhat": self.max_rhat,
            "min_ess_bulk": self.min_ess_bulk,
            "min_ess_tail": self.min_ess_tail,
            "min_bfmi": self.min_bfmi,
        }

    @property
    def word(self) -> str:
        return "good" if self.ok else "doubtful"

    @property
    def sentence(self) -> str:
        """The numbers in words, on one line without a full stop."""
        sizes = f"min bulk ESS {self.min_ess_bulk:.0f}, min tail ESS {self.min_ess_tail:.0f}"
        if self.chained:
            rhat = f"max R-hat {self.max_rhat:.3f}, " if np.isfinite(self.max_rhat) else "no R-hat of one chain, "
            return f"{self.divergences} divergences, {rhat}{sizes}"
        weights = "" if self.k_hat is None else f", k-hat of the weights {self.k_hat:.2f}"
        return f"independent draws{weights}, {sizes}"

    def __str__(self) -> str:
        reasons = (f"- {printable_line(reason)}" for reason in self.reasons)
        return "\n".join([f"{self.word}: {self.sentence}", *reasons])


def draws_in_words(shape: tuple[int, int], chained: bool) -> str:
    """How many draws there are: of chains, or independent.

    Examples
    --------
    >>> draws_in_words((4, 1000), chained=True), draws_in_words((1, 250), True), draws_in_words((4, 1000), False)
    ('4 chains of 1000 draws', '1 chain of 250 draws', '4000 independent draws')
    """
    chains, draws = shape
    if not chained:
        return f"{chains * draws} independent draws"
    return f"{chains} chain{'' if chains == 1 else 's'} of {draws} draws"


def judge(scalars: dict[str, Array], statistics: "xr.Dataset | None") -> Verdict:
    """Judge draws by the usual limits: R-hat < 1.01, ESS > 100 a chain, E-BFMI > 0.3, no divergences.

    Of importance weights, k-hat < 0.7.
    """
    ancestor = ancestors(statistics)
    found = {name: convergence(values, ancestor) for name, values in scalars.items()}
    chains, draws = next(iter(scalars.values())).shape
    worst_rhat, rhat_of = _extreme(found, "r_hat", max)
    bulk, bulk_of = _extreme(found, "ess_bulk", min)
    tail, tail_of = _extreme(found, "ess_tail", min)
    divergences = int(statistics["diverging"].sum()) if statistics is not None and "diverging" in statistics else 0
    bfmi = _bfmi(statistics)
    reasons = []
    if divergences:
        share = 100.0 * divergences / (chains * draws)
        reasons.append(
            f"{divergences} divergent transitions ({share:.2g} %): NUTS could not follow the posterior somewhere; "
            "raise target_accept towards 0.99, or give tighter priors on the sd"
        )
    if worst_rhat > 1.01:
        reasons.append(f"R-hat of {rhat_of} is {worst_rhat:.3f} > 1.01: chains disagree; raise tune and draws")
    for kind, size, name in (("bulk", bulk, bulk_of), ("tail", tail, tail_of)):
        if size < 100.0 * chains:
            reasons.append(
                f"{kind} ESS of {name} is {size:.0f}, below 100 for each of {chains} chains: raise draws"
            )
    if bfmi < 0.3:
        reasons.append(
            f"E-BFMI is {bfmi:.2f} < 0.3: the energy moves slowly; raise tune, or tighten heavy-tailed priors"
        )
    k_hat = None if statistics is None or "k_hat" not in statistics.attrs else float(statistics.attrs["k_hat"])
    if k_hat is not None and k_hat > 0.7:
        reasons.append(f"k-hat of the importance weights is {k_hat:.2f} > 0.7: use engine='compiled'")
    if ancestor is not None and not np.isfinite(bulk):
        reasons.append(f"{chains * draws} draws are too few to judge: raise draws")
    if chains < 2 and ancestor is None:
        reasons.append("one chain cannot show whether it has converged: run 4")
    return Verdict(divergences, worst_rhat, bulk, tail, bfmi, tuple(reasons), k_hat, ancestor is None)


def ancestors(statistics: "xr.Dataset | None") -> Index | None:
    """The independent draw that each draw is a copy of, (chains, draws); None for Markov chains."""
    if statistics is None or "ancestor" not in statistics:
        return None
    return statistics["ancestor"].transpose("chain", "draw").to_numpy()


def _extreme(
    found: dict[str, dict[str, float]], key: str, pick: Callable[..., tuple[float, str]]
) -> tuple[float, str]:
    known = [(values[key], name) for name, values in found.items() if np.isfinite(values[key])]
    return pick(known) if known else (float("nan"), "")


def _bfmi(statistics: "xr.Dataset | None") -> float:
    """Smallest energy Bayesian fraction of missing information; Betancourt (2016), arXiv:1604.00695."""
    if statistics is None or "energy" not in statistics or statistics.sizes["draw"] < 3:
        return float("nan")
    energy = statistics["energy"].transpose("chain", "draw").to_numpy()
    moves = np.square(np.diff(energy, axis=1)).mean(axis=1)
    return float((moves / energy.var(axis=1, ddof=1)).min())
