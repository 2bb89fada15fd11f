"""What the priors of a model mean, in units of y."""

from dataclasses import dataclass

import numpy as np

from bayesmixed.parameters import Parameter, ParameterNames
from bayesmixed.priors.families import LKJ, Family, Flat, PymcPrior
from bayesmixed.priors.resolved import Prior, ResolvedPriors
from bayesmixed.units import Units, with_unit


@dataclass(frozen=True)
class ModelPriors:
    """The priors of one model: printed, what every number means; ``resolved``, the numbers themselves.

    Parameters
    ----------
    resolved : ResolvedPriors
    names : ParameterNames
    units : Units
    """

    resolved: ResolvedPriors
    names: ParameterNames
    units: Units

    def rows(self) -> list[tuple[str, str, str]]:
        """Parameter, prior and meaning of each."""
        rows = []
        for parameter in (*self.names.fixed, *self.names.sd):
            prior = self.resolved[parameter.name]
            for k, label in enumerate(parameter.labels):
                own = prior.entry(k) if isinstance(prior, Family) else prior
                meaning = _meaning(own, self.units.of_parameter(parameter.name))
                rows.append((label + self._where(parameter), str(own), meaning))
        if self.resolved.corr is not None:
            rows.append((self.resolved.corr_name, str(self.resolved.corr), _meaning(self.resolved.corr, "")))
        rows.append(("sigma", str(self.resolved.sigma), _meaning(self.resolved.sigma, self.units.of_y)))
        return rows

    def _where(self, parameter: Parameter) -> str:
        """Says at which values of the columns a prior is stated, if not at zero."""
        resolved, columns = self.resolved, list(parameter.columns)
        if parameter in self.names.fixed:
            coding, labels = resolved.fixed_coding, [la for p in self.names.fixed for la in p.labels]
            centre, constant = coding.centre, coding.constant[columns]
        else:
            labels = list(self.names.random_labels)
            centre, own = np.zeros(len(labels)), np.zeros(len(labels))
            for coding, block in zip(resolved.block_codings, resolved.blocks, strict=True):
                if set(block) & set(columns):
                    centre[list(block)], own[list(block)] = coding.centre, coding.constant
            constant = own[columns]
        if not constant.any() or not centre.any():
            return ""
        where = [f"{label} = {value:.4g}" for label, value in zip(labels, centre, strict=True) if value]
        return f" at {', '.join(where)}" if len(where) <= 3 else " at the means of the columns"

    def __str__(self) -> str:
        rows = self.rows()
        first, second = (max(len(row[k]) for row in rows) for k in (0, 1))
        lines = [f"{a:<{first}}  {b:<{second}}  {c}".rstrip() for a, b, c in rows]
        given = f"; set by you: {', '.join(self.resolved.given)}" if self.resolved.given else ""
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
    if isinstance(prior, Flat):
        return "improper: every value counts alike"
    if isinstance(prior, LKJ):
        half = _lkj_half_width(prior.eta)
        return f"95 % between -{half:.2f} and {half:.2f} for one correlation of a 2 x 2 matrix"
    distribution = prior.distribution()
    if prior.support == "positive":
        median, upper = (with_unit(f"{distribution.ppf(u):.4g}", unit) for u in (0.5, 0.95))
        return f"median {median}, 95 % below {upper}"
    low, high = distribution.ppf(0.025), distribution.ppf(0.975)
    return f"95 % between {low:.4g} and {with_unit(f'{high:.4g}', unit)}"


def _lkj_half_width(eta: float) -> float:
    from scipy import stats

    return float(2.0 * stats.beta(eta, eta).ppf(0.975) - 1.0)
