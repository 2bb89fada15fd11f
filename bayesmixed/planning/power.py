"""Power and assurance: how often a planned study finds its effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from bayesmixed.errors import DesignError
from bayesmixed.fit.draws import FitDraws
from bayesmixed.planning.arguments import (
    check_effects,
    check_layout,
    listed_values,
    several,
    spread_column,
    wanted_term,
)
from bayesmixed.planning.layout import Columns
from bayesmixed.planning.study import Analysis, planned
from bayesmixed.planning.trials import Outcome
from bayesmixed.planning.truth import is_random
from bayesmixed.reml.resampling.bootstrap import progress
from bayesmixed.seeds import child_seed, seed_sequence

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Power:
    """Share of simulated studies that find the effect, for each plan.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a plan: ``groups`` (J), ``n`` (rows of a group, on average), ``icc`` or ``sd`` where numbers of it
        were given, ``power`` (or ``assurance``) with its Monte Carlo 95 % interval ``lower, upper`` (Wilson's),
        ``replications``, ``singular`` (share with an sd of zero, by REML), ``failed`` (left out: no interval).
    quantity : {"power", "assurance"}
    term, claim : str
        The effect that is looked for, and what counts as finding it, in words.
    """

    table: "pd.DataFrame"
    quantity: str
    term: str
    claim: str

    def __repr__(self) -> str:
        rows = self.table.round(3).to_string(index=False)
        return f"{self.quantity} of finding {self.term}: {self.claim}\n{rows}"

    def plot(self, ax: Any = None, target: float = 0.8) -> Any:
        """Power against J, one line for each n and ICC, with Monte Carlo bands.

        Parameters
        ----------
        ax : matplotlib Axes, or a sequence of them (one a panel), optional
        target : float
            Drawn as a line.

        Returns
        -------
        ndarray of matplotlib Axes
        """
        from bayesmixed.report.plots.power import plot_power

        return plot_power(self, ax, target)


def power(
    formula: str,
    groups: int | Sequence[int] | None = None,
    n: int | Sequence[int] | None = None,
    *,
    effects: Mapping[str, float],
    sd: Any = None,
    icc: Any = None,
    sigma: float = 1.0,
    between: Columns = (),
    within: Columns = (),
    design: Any = None,
    term: str | None = None,
    alpha: float = 0.05,
    margin: float | None = None,
    method: str = "reml",
    priors: Any = None,
    draws: int = 500,
    replications: int = 1000,
    random_seed: Any = None,
    cores: int | None = None,
    progressbar: bool = True,
) -> Power:
    """How often studies of J groups of n rows find an effect of known size.

    Each of the simulated data sets is analysed, and the effect counts as found if its interval of probability
    ``1 - alpha`` excludes 0, or lies above `margin`. Plans are all combinations of `groups`, `n` and `icc` (or
    `sd`). With an effect of 0 it is the size of the test.

    Parameters
    ----------
    formula : str
        lme4-style; the response has any name.
    groups, n : int or sequence of int
        J, and rows of each group. Groups are the clusters of the formula's bracket, not the arms.
    effects : mapping of str to float
        Coefficients by their labels, such as ``{"arm[b]": 0.5}``, in units of y; others are 0.
    sd : float, sequence of float, or mapping, optional
        Between groups, in units of y. With several random effects a dict by label, such as
        ``{"1|clinic_sigma": 0.5, "x|clinic_sigma": 0.2, "clinic_corr[Intercept,x]": 0.3}``.
    icc : float or sequence of float, optional
        Instead of sd, for a random intercept: ``sd^2 / (sd^2 + sigma^2)``.
    sigma : float
        Residual standard deviation, in units of y.
    between : sequence of str, or mapping of str to levels
        Columns that are constant in a group, such as a treatment given to whole groups. A name alone has the
        levels "a" and "b", given to the groups by turns.
    within : sequence of str, or mapping of str to levels
        Columns that vary in each group. A name alone has n evenly spaced numbers of mean 0 and mean square 1.
    design : table, optional
        Predictors and groups of your own, instead of `groups`, `n`, `between` and `within`.
    term : str, optional
        The coefficient that is looked for; the only one of `effects` if it has one.
    alpha : float
    margin : float, optional
        The effect must be shown to be above it: ``P(effect > margin) > 1 - alpha / 2`` for the posterior.
    method : {"reml", "posterior"}
        "reml": t interval with Kenward and Roger's degrees of freedom. "posterior": equal-tailed interval.
    priors : str, dict or Priors, optional
        Of ``method="posterior"``. What a preset takes from data it takes once, from a simulated data set of
        typical spread.
    draws : int
        Weighted draws of each posterior.
    replications : int
        Data sets of each plan.
    random_seed : int, SeedSequence or Generator, optional
        The same seed gives the same numbers, on any number of cores.
    cores : int, optional
    progressbar : bool
        On standard error.

    Returns
    -------
    Power

    Raises
    ------
    DesignError
        What is wrong with the plan.

    See Also
    --------
    assurance : the effect is not known either.
    type_one_error : of an analysis that ignores the groups, exactly.

    Examples
    --------
    A treatment given to whole clinics:

    >>> import bayesmixed as bm
    >>> found = bm.power(
    ...     "y ~ arm + (1 | clinic)",
    ...     groups=[10, 30],
    ...     n=20,
    ...     effects={"arm[b]": 0.4},
    ...     icc=0.1,
    ...     between=["arm"],
    ...     replications=200,
    ...     random_seed=1,
    ...     progressbar=False,
    ... )
    >>> [round(share, 1) for share in found.table["power"]]
    [0.3, 0.8]
    """
    if isinstance(effects, FitDraws):
        raise DesignError("power takes effects that are known; for the fit of a pilot study use assurance")
    check_effects(effects)
    for name, value in {**effects, "sigma": sigma, "sd": sd, "icc": icc}.items():
        if any(map(is_random, value.values() if isinstance(value, Mapping) else listed_values(value))):
            raise DesignError(f"power takes numbers; {name} is a distribution: use assurance")
    options = {"sd": sd, "icc": icc, "sigma": sigma, "between": between, "within": within, "design": design}
    analysis = Analysis(method, alpha, margin, priors, draws, replications, cores)
    return _evaluated("power", formula, (groups, n), effects, term, options, analysis, random_seed, progressbar)


def assurance(
    formula: str,
    groups: int | Sequence[int] | None = None,
    n: int | Sequence[int] | None = None,
    *,
    effects: Mapping[str, Any] | FitDraws,
    sd: Any = None,
    icc: Any = None,
    sigma: Any = None,
    term: str | None = None,
    between: Columns = (),
    within: Columns = (),
    design: Any = None,
    alpha: float = 0.05,
    margin: float | None = None,
    method: str = "reml",
    priors: Any = None,
    draws: int = 500,
    replications: int = 1000,
    random_seed: Any = None,
    cores: int | None = None,
    progressbar: bool = True,
) -> Power:
    """Power averaged over what is believed of the effect and of the variances: the probability of success.

    An interval that excludes 0 on the wrong side counts too; ``margin=0`` asks for a positive effect.

    Each data set has parameters of its own, drawn from their distributions, then y. O'Hagan, Stevens and
    Campbell (2005), doi:10.1002/pst.175.

    Parameters
    ----------
    effects : mapping, or Fit
        Coefficients by label: numbers, priors such as ``bm.Normal(0.5, 0.2)``, or frozen distributions of SciPy.
        Or the fit of a pilot study: joint draws of its posterior, of the sd and sigma too unless given here.
    sd, icc, sigma : float or distribution
        As for `power`, or distributions, such as ``sd=bm.HalfNormal(0.5)``, ``icc=scipy.stats.beta(2, 18)``.
        Without a pilot study sigma has to be given.
    term : str, optional
        The coefficient that is looked for. Needed unless `effects` is a mapping of one.
    others
        As for `power`.

    Returns
    -------
    Power

    Examples
    --------
    >>> import bayesmixed as bm
    >>> plan = {"groups": 30, "n": 20, "between": ["arm"], "icc": 0.1, "sigma": 1.0}
    >>> found = bm.assurance(
    ...     "y ~ arm + (1 | clinic)",
    ...     effects={"arm[b]": bm.Normal(0.4, 0.2)},
    ...     **plan,
    ...     replications=200,
    ...     random_seed=1,
    ...     progressbar=False,
    ... )
    >>> round(found.table["assurance"].item(), 1)
    0.7
    """
    options = {"sd": sd, "icc": icc, "sigma": sigma, "between": between, "within": within, "design": design}
    analysis = Analysis(method, alpha, margin, priors, draws, replications, cores)
    layout = (groups, n)
    return _evaluated("assurance", formula, layout, effects, term, options, analysis, random_seed, progressbar)


def _evaluated(
    quantity: str,
    formula: str,
    layout: tuple[Any, Any],
    effects: Any,
    term: str | None,
    options: dict[str, Any],
    analysis: Analysis,
    random_seed: Any,
    progressbar: bool,
) -> Power:
    import pandas as pd

    seed, term = seed_sequence(random_seed), wanted_term(effects, term)
    check_layout(*layout, options)
    spread = "icc" if options["icc"] is not None else "sd"
    values = {"groups": layout[0], "n": layout[1], spread: options[spread]}
    plans = list(product(*(several(name, value) for name, value in values.items())))
    studies = [
        planned(formula, J, n, effects, term, options | {spread: value}, analysis, child_seed(seed, k))
        for k, (J, n, value) in enumerate(plans)
    ]
    jobs = ((k, found) for k, study in enumerate(studies) for found in study.outcomes())
    steps = sum(len(study.trials.batches) for study in studies)
    outcomes: list[list[Outcome]] = [[] for _ in studies]
    for k, outcome in progress(jobs, steps, progressbar):
        outcomes[k].append(outcome)
    rows = [
        study.layout | spread_column(spread, value) | study.shares(quantity, own)
        for study, (_, _, value), own in zip(studies, plans, outcomes, strict=True)
    ]
    return Power(pd.DataFrame(rows), quantity, term, analysis.claim)
