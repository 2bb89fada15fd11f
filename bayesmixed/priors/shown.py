"""What the priors of a model mean, in units of y."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from bayesmixed.parameters import Parameter, ParameterNames
from bayesmixed.printable import printable_line
from bayesmixed.priors.families import LKJ, Family, Flat, PymcPrior
from bayesmixed.priors.implied import implied_draws, implied_table, strong_on_icc
from bayesmixed.priors.joint import JointPrior, Shared
from bayesmixed.priors.resolved import Prior, ResolvedPriors
from bayesmixed.units import Units, with_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from bayesmixed.design import Design


class PriorEntry(NamedTuple):
    """A parameter, where its prior is stated (``" at Days = 4.5"``; ``""`` for zero), the prior, its meaning."""

    label: str
    where: str
    prior: Prior | JointPrior
    meaning: str


@dataclass(frozen=True, eq=False)
class ModelPriors:
    """The priors of one model: printed, what every number means; ``resolved``, the numbers themselves.

    Parameters
    ----------
    resolved : ResolvedPriors
    names : ParameterNames
    units : Units
    design : Design
    """

    resolved: ResolvedPriors
    names: ParameterNames
    units: Units
    design: "Design"

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Of the preset, and of a prior that decides about the ICC before any row is seen."""
        return (*self.resolved.warnings, *strong_on_icc(self.design, self.names, self.resolved))

    def implied(self, draws: int = 4000, random_seed: Any = 0) -> "pd.DataFrame":
        """What the priors imply for the ICC, R2, and the sd and correlations at x = 0: quantiles by label.

        Priors of standard deviations say little by themselves; their consequences can be judged. R2 is left out
        where a coefficient has a flat prior.

        Parameters
        ----------
        draws : int
        random_seed : int, SeedSequence or Generator

        Raises
        ------
        PriorError
            A prior of an sd is improper, so that it has no draws.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel(
        ...     "Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), priors=bm.Priors.icc(2, 8)
        ... )
        >>> model.priors.implied().loc["ICC(Batch)"].round(2).tolist()
        [0.04, 0.11, 0.18, 0.27, 0.43]
        """
        return implied_table(implied_draws(self.design, self.names, self.resolved, draws, random_seed))

    def plot(self, draws: int = 20_000, random_seed: Any = 0) -> "list[Axes]":
        """Densities of what `implied` tells, one panel each; see ``bayesmixed.report.plots.plot_priors``."""
        from bayesmixed.report.plots import plot_priors

        return plot_priors(self, draws, random_seed)

    def entries(self) -> list[PriorEntry]:
        """One entry for each number that has a prior; of the correlations one for all."""
        found = []
        for parameter in (*self.names.fixed, *self.names.sd):
            prior = self.resolved[parameter.name]
            for k, label in enumerate(parameter.labels):
                own = prior.entry(k) if isinstance(prior, Family) else prior
                unit = self.units.of_y if self._is_whitened(parameter) else self.units.of_parameter(parameter.name)
                meaning = _meaning(own, unit)
                found.append(PriorEntry(label, self._where(parameter), own, meaning))
        if self.resolved.corr is not None:
            widest = max(len(block) for block in self.resolved.blocks)
            meaning = _meaning_of_lkj(self.resolved.corr, widest)
            where = next((place for place in map(self._where, self.names.sd) if place), "")
            found.append(PriorEntry(self.resolved.corr_name, where, self.resolved.corr, meaning))
        meaning = _meaning(self.resolved.sigma, self.units.of_y)
        found.append(PriorEntry("sigma", "", self.resolved.sigma, meaning))
        return [*found, *(self._joint(joint) for joint in self.resolved.joint)]

    def _joint(self, joint: JointPrior) -> PriorEntry:
        unit = "" if joint.relative else self.units.of_y
        return PriorEntry(joint.title, "", joint, f"{_meaning_of_icc(joint)}{_meaning(joint.total, unit)}")

    def rows(self) -> list[tuple[str, str, str]]:
        """Parameter (with where its prior is stated), prior and meaning, as text."""
        return [(f"{entry.label}{entry.where}", str(entry.prior), entry.meaning) for entry in self.entries()]

    def texts(self) -> dict[str, str]:
        """Each prior with where it is stated, by the label of its parameter."""
        return {entry.label: f"{entry.prior}{entry.where}" for entry in self.entries()}

    def _where(self, parameter: Parameter) -> str:
        """Says at which values of the columns a prior is stated, if not at zero."""
        labels = self.names.random_labels
        if parameter in self.names.fixed:
            labels = tuple(label for other in self.names.fixed for label in other.labels)
        where = [f"{labels[k]} = {value:.4g}" for k, value in self.resolved.stated_at(parameter).items()]
        means = " at the means of the columns" if len(where) > 3 else f" at {', '.join(where)}" if where else ""
        return f"{self._turned(parameter)}{means}"

    def _turned(self, parameter: Parameter) -> str:
        """Says of which combinations of the columns a prior is."""
        if not self.resolved.is_turned(parameter):
            return ""
        if parameter in self.names.sd:
            return " of each level" if parameter.dim is not None else " of one level"
        average = "" if len(self.resolved.reach(parameter)) == len(parameter.columns) else " on average"
        return f"{average} in uncorrelated columns of mean square 1" if self._is_whitened(parameter) else average

    def _is_whitened(self, parameter: Parameter) -> bool:
        """Whether the prior is of effects in units of y."""
        return parameter.dim is not None and parameter in self.names.fixed and self.resolved.is_turned(parameter)

    def __str__(self) -> str:
        rows = [tuple(map(printable_line, row)) for row in self.rows()]
        first, second = (max(len(row[k]) for row in rows) for k in (0, 1))
        lines = [f"{a:<{first}}  {b:<{second}}  {c}".rstrip() for a, b, c in rows]
        given = f"; set by you: {printable_line(', '.join(self.resolved.given))}" if self.resolved.given else ""
        return "\n".join([f"Priors: preset {self.resolved.preset!r}{given}", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        cells = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in self.rows())
        head = "<tr><th>parameter</th><th>prior</th><th>meaning</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{cells}</tbody></table>"


def _meaning(prior: Prior, unit: str) -> str:
    if isinstance(prior, PymcPrior):
        return "a PyMC distribution of your own"
    if isinstance(prior, Shared):
        return "by the joint prior below"
    if isinstance(prior, Flat):
        return "improper: every value counts alike"
    distribution = prior.distribution()
    if prior.support == "positive":
        median, upper = (with_unit(f"{distribution.ppf(u):.4g}", unit) for u in (0.5, 0.95))
        return f"median {median}, 95 % below {upper}"
    low, high = distribution.ppf(0.025), distribution.ppf(0.975)
    return f"95 % between {low:.4g} and {with_unit(f'{high:.4g}', unit)}"


def _meaning_of_icc(joint: JointPrior) -> str:
    """The share of the first of two variances, the other sigma^2, is the ICC."""
    if len(joint.members) != 2 or joint.members[1].name != "sigma":
        return ""
    from scipy import stats

    alpha, beta = joint.concentration
    low, high = stats.beta(alpha, beta).ppf([0.025, 0.975])
    return f"ICC Beta({alpha:g}, {beta:g}), 95 % between {low:.2g} and {high:.2g}; total "


def _meaning_of_lkj(prior: LKJ, size: int) -> str:
    """One correlation of a size x size matrix is ``2 Beta(a, a) - 1`` with ``a = eta + size / 2 - 1``."""
    from scipy import stats

    a = prior.eta + size / 2.0 - 1.0
    half = 2.0 * stats.beta(a, a).ppf(0.975) - 1.0
    return f"95 % between -{half:.2f} and {half:.2f} for each correlation"
