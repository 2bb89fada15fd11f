"""One value of every unknown of a fit, for pictures that need one: posterior means, or estimates of REML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.errors import PictureError
from bayesmixed.report.effects import no_pooling_of
from bayesmixed.report.table import evenly

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.reml import RemlFit
    from bayesmixed.units import Units


@dataclass(frozen=True, eq=False)
class Centre:
    """What lines and matrices of a picture are drawn from.

    Parameters
    ----------
    design : Design
    units : Units
    beta : ndarray, shape (p,)
    b : ndarray, shape (J, q)
        Posterior means, or conditional modes.
    alone : ndarray, shape (J, q)
        Least squares of each group's own rows, minus beta; nan where they do not determine it.
    G : ndarray, shape (q, q)
        Posterior mean, or estimate.
    sigma2 : float
        Likewise, of sigma squared.
    sd : ndarray, shape (q,)
        Posterior medians, or estimates.
    corr : ndarray, shape (q, q)
        Likewise.
    name : str
        ``"posterior"``, ``"REML"`` or ``"ML"``.
    """

    design: "Design"
    units: "Units"
    beta: Array
    b: Array
    alone: Array
    G: Array
    sigma2: float
    sd: Array
    corr: Array
    name: str


def centre_of(fit: "Fit | RemlFit") -> Centre:
    """Posterior means of a `Fit`, estimates of a `RemlFit`."""
    from bayesmixed.reml import RemlFit

    if isinstance(fit, RemlFit):
        found, beta, covariance = fit.effects[0], fit.beta, fit.covariance
        sigma2, alone = float(fit.sigma) ** 2, no_pooling_of(fit.coded, beta)
        parts = (fit.G, sigma2, covariance.sd, covariance.corr, fit.method)
        return Centre(fit.design, fit.units, beta, found, alone, *parts)
    model, covariance, beta = fit.model, fit.covariance, fit.beta.mean(axis=0)
    G, sigma2 = covariance.G.mean(axis=0), float(np.mean(np.asarray(covariance.sigma) ** 2))
    middle = (np.median(covariance.sd, axis=0), np.median(covariance.corr, axis=0))
    alone = no_pooling_of(model.coded, beta)
    return Centre(model.design, model.units, beta, fit.effect_moments[0], alone, G, sigma2, *middle, "posterior")


def design_of(fit: "Fit | RemlFit") -> "Design":
    """The design of either kind of fit."""
    owner: Any = getattr(fit, "model", fit)
    design: Design = owner.design
    return design


def units_of_fit(fit: "Fit | RemlFit") -> "Units":
    """The units of either kind of fit."""
    owner: Any = getattr(fit, "model", fit)
    units: Units = owner.units
    return units


def need_rows(fit: "Fit | RemlFit", what: str) -> None:
    """Refuse to draw rows that are gone.

    Raises
    ------
    PictureError
        The table was read in parts.
    """
    if design_of(fit).streamed is not None:
        raise PictureError(f"{what} needs the rows, which are gone after a table was read in parts; fit a sample")


def unit_of_effect(centre: Centre, label: str) -> str:
    """Unit of one random effect."""
    owner = {one: term.name for term in centre.design.random_terms for one in term.labels}
    return centre.units.of_term(owner[label])


def place_of_term(design: "Design", name: str) -> int:
    """Column of Z of one random effect, by its label; ``"1"`` is the intercept's too.

    Raises
    ------
    PictureError
        There is none of that name.
    """
    labels = list(design.random_labels)
    name = "Intercept" if str(name) == "1" else str(name)
    if name not in labels:
        raise PictureError(f"there is no random effect {name!r}; there are {', '.join(labels)}")
    return labels.index(name)


def places_of_groups(design: "Design", groups: Any, most: int, spread: Array | None = None) -> Index:
    """Positions of groups by their names; by default at most so many, evenly spaced.

    Parameters
    ----------
    design : Design
    groups : sequence or one name, optional
    most : int
    spread : ndarray, shape (J,), optional
        Evenly spaced by their rank in it, instead of by their order.

    Raises
    ------
    PictureError
        A group that does not exist, or more of them than one picture holds.
    """
    if groups is None:
        order = np.arange(design.n_groups) if spread is None else np.argsort(spread, kind="stable")
        return np.asarray(order[evenly(len(order), most)])
    wanted = [groups] if isinstance(groups, str) or not isinstance(groups, Sequence | np.ndarray) else list(groups)
    place = {level: k for k, level in enumerate(design.levels)}
    for level in wanted:
        if str(level) not in place:
            raise PictureError(f"there is no group {str(level)!r} of {design.factor_name}")
    if not 1 <= len(wanted) <= most:
        raise PictureError(f"one picture takes 1 to {most} groups, not {len(wanted)}")
    return np.array([place[str(level)] for level in wanted])
