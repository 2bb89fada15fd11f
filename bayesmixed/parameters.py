"""Names, dimensions and shapes of a model's parameters: one list for graphs, draws, REML and reports.

The names are Bambi's: ``Intercept``, ``Days``, ``Type`` (dimension ``Type_dim``), ``sigma``,
``1|Subject_sigma``, ``Type|Subject_sigma`` (``Type__expr_dim``), ``1|Subject`` (``Subject__factor_dim``),
and ours for the correlations: ``Subject_corr`` (``Subject__term_dim``, ``Subject__term_dim_bis``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import DesignError

if TYPE_CHECKING:
    from bayesmixed.design import Design, Term


#: Stands for "/" in names of DataTree variables, where xarray refuses it (U+2215, division slash).
SLASH = "\u2215"
#: Interactions of more parts have too many spellings to try them all.
MOST_PARTS = 4


def stored_name(name: str) -> str:
    """The name under which a DataTree can hold a variable called `name`."""
    return name.replace("/", SLASH)


def typed_name(name: str) -> str:
    """The name as the user typed it: the inverse of `stored_name`."""
    return name.replace(SLASH, "/")


def find_name(name: str, among: Iterable[str]) -> str | None:
    """The name among those that `name` means: spaces do not count, and a slash may be its stand-in.

    An interaction may be spelled in another order, see `respelled`.

    Examples
    --------
    >>> find_name("I(Days/2)|Subject_sigma", ["sigma", "I(Days / 2)|Subject_sigma"])
    'I(Days / 2)|Subject_sigma'
    >>> find_name("arm[b]:time", ["arm[b]", "time", "arm:time[b]"])
    'arm:time[b]'
    """
    others = list(among)
    if name in others:
        return name
    wanted = _essence(name)
    found = next((other for other in others if _essence(str(other)) == wanted), None)
    if found is not None or ":" not in wanted:
        return found
    return next((other for other in others if wanted in map(_essence, respelled(str(other)))), None)


def respelled(label: str) -> Iterator[str]:
    """Other spellings of an interaction: its parts in any order, each level behind its own part.

    Examples
    --------
    >>> list(respelled("arm:time[b]"))
    ['arm[b]:time', 'arm:time[b]', 'time:arm[b]', 'time[b]:arm']
    >>> "arm[b]:sex[m]" in respelled("sex:arm[m, b]"), "arm[m]:sex[b]" in respelled("sex:arm[m, b]")
    (True, False)
    """
    body, bracket, inside = label.partition("[") if label.endswith("]") else (label, "", "")
    parts, levels = body.split(":"), inside[:-1].split(", ") if bracket else []
    if not 2 <= len(parts) <= MOST_PARTS:
        return
    for order in permutations(range(len(parts))):
        for chosen in combinations(range(len(parts)), len(levels)):
            own = {place: f"[{level}]" for place, level in zip(chosen, levels, strict=True)}
            yield ":".join(parts[k] + own.get(k, "") for k in order)


def _essence(name: str) -> str:
    return "".join(typed_name(name).split())


@dataclass(frozen=True)
class Parameter:
    """One variable of the posterior: a scalar, or a vector over the columns of its term.

    Parameters
    ----------
    name : str
        As typed, without stand-ins.
    columns : tuple of int
        Columns of X (or of Z) that its entries belong to.
    dim : str or None
        Name of its dimension; None for a scalar.
    coords : tuple
        Coordinates along that dimension.
    """

    name: str
    columns: tuple[int, ...]
    dim: str | None
    coords: tuple[Any, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """One label an entry, as `az.summary` writes it: ``Days``, ``Type[T2]``."""
        if self.dim is None:
            return (self.name,)
        return tuple(f"{self.name}[{coordinate}]" for coordinate in self.coords)

    def value(self, vector: Array) -> Array:
        """Its entries of a vector over all columns (last axis), without that axis for a scalar."""
        part = vector[..., list(self.columns)]
        return part[..., 0] if self.dim is None else part


@dataclass(frozen=True, eq=False)
class CovarianceParameters:
    """sd (units of y per unit of the column), correlations and sigma (units of y) in the user's coding.

    Parameters
    ----------
    sd : ndarray, shape (..., q)
    corr : ndarray, shape (..., q, q)
    sigma : ndarray, shape (...)
    """

    sd: Array
    corr: Array
    sigma: Array

    @property
    def G(self) -> Array:
        """Covariance matrix of one group's random effects, ``diag(sd) Omega diag(sd)``."""
        return self.sd[..., :, None] * self.corr * self.sd[..., None, :]

    @classmethod
    def from_G(cls, G: Array, sigma: Array | float) -> "CovarianceParameters":
        """Take a covariance matrix apart; correlations with an effect of sd 0 are given as 0."""
        sd = np.sqrt(np.maximum(np.diagonal(G, axis1=-2, axis2=-1), 0.0))
        scale = sd[..., :, None] * sd[..., None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            corr = np.where(scale > 0, G / scale, 0.0)
        index = np.arange(G.shape[-1])
        corr = np.clip(corr, -1.0, 1.0)
        corr[..., index, index] = 1.0
        return cls(sd, corr, np.asarray(sigma, dtype=float))


@dataclass(frozen=True)
class ParameterNames:
    """Every parameter of a design by name.

    Parameters
    ----------
    fixed, sd, effects : tuple of Parameter
        In the order of the columns of X, of Z and of Z again.
    factor : str
    random_labels : tuple of str
        Labels of the q columns of Z: ``("Intercept", "Days")``.
    levels : tuple of str
    """

    fixed: tuple[Parameter, ...]
    sd: tuple[Parameter, ...]
    effects: tuple[Parameter, ...]
    factor: str
    random_labels: tuple[str, ...]
    levels: tuple[str, ...]

    @classmethod
    def of(cls, design: "Design") -> "ParameterNames":
        """Of the columns of a design."""
        factor = design.factor_name
        fixed = _parameters(design.fixed, "", "_dim")
        sd = _parameters(design.random_terms, f"|{factor}_sigma", "__expr_dim", intercept="1")
        effects = _parameters(design.random_terms, f"|{factor}", "__expr_dim", intercept="1")
        return cls(fixed, sd, effects, factor, tuple(design.random_labels), tuple(design.levels))

    @property
    def corr(self) -> str:
        """Name of the correlation matrix of all random effects."""
        return f"{self.factor}_corr"

    @property
    def corr_dims(self) -> tuple[str, str]:
        """Dimensions of the correlation matrix."""
        return f"{self.factor}__term_dim", f"{self.factor}__term_dim_bis"

    @property
    def factor_dim(self) -> str:
        """Dimension of the groups."""
        return f"{self.factor}__factor_dim"

    @property
    def has_corr(self) -> bool:
        """Whether there are two random effects or more."""
        return len(self.random_labels) > 1

    @property
    def all_names(self) -> tuple[str, ...]:
        """Names that a prior may be given for, as typed."""
        names = [p.name for p in (*self.fixed, *self.sd)]
        return (*names, *((self.corr,) if self.has_corr else ()), "sigma")

    def coords(self) -> dict[str, list[Any]]:
        """Coordinates of every dimension, under the names in which a DataTree holds them."""
        result = {p.dim: list(p.coords) for p in (*self.fixed, *self.sd) if p.dim is not None}
        result[self.factor_dim] = list(self.levels)
        if self.has_corr:
            result |= {dim: list(self.random_labels) for dim in self.corr_dims}
        return {stored_name(dim): values for dim, values in result.items()}

    def covariance(self, values: Mapping[str, Any]) -> CovarianceParameters:
        """Read sd, correlations and sigma from a mapping by names of the DataTree (leading axes are draws).

        Without ``<factor>_corr`` the random effects are uncorrelated.
        """
        sigma = _positive(_entry(values, "sigma"), "sigma", allow_zero=False)
        q = len(self.random_labels)
        sd = np.empty((*sigma.shape, q))
        for parameter in self.sd:
            value = _positive(_entry(values, parameter.name), parameter.name, allow_zero=True)
            own = value[..., None] if parameter.dim is None else value
            if own.shape != (*sigma.shape, len(parameter.columns)):
                raise DesignError(
                    f"{parameter.name!r} must have {len(parameter.columns)} values, not shape {value.shape}"
                )
            sd[..., list(parameter.columns)] = own
        corr = np.broadcast_to(np.eye(q), (*sigma.shape, q, q))
        if self.has_corr and find_name(self.corr, values) is not None:
            corr = _correlations(_entry(values, self.corr), self.corr, (*sigma.shape, q, q))
        return CovarianceParameters(sd, corr, sigma)


def _positive(value: Any, name: str, allow_zero: bool) -> Array:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise DesignError(f"{name!r} must be a number, not {value!r}") from None
    if not np.isfinite(array).all() or (array < 0).any() or (not allow_zero and (array == 0).any()):
        raise DesignError(f"{name!r} must be {'zero or positive' if allow_zero else 'positive'} and finite")
    return array


def _correlations(value: Any, name: str, shape: tuple[int, ...]) -> Array:
    try:
        corr = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise DesignError(f"{name!r} must be a matrix of numbers") from None
    if corr.shape != shape:
        raise DesignError(
            f"{name!r} must be a {shape[-1]} x {shape[-1]} correlation matrix, not of shape {corr.shape}"
        )
    index = np.arange(shape[-1])
    symmetric = np.allclose(corr, np.swapaxes(corr, -1, -2), atol=1e-8)
    if not symmetric or not np.allclose(corr[..., index, index], 1.0, atol=1e-8):
        raise DesignError(f"{name!r} must be symmetric with ones on its diagonal")
    if np.linalg.eigvalsh(corr).min() < -1e-8:
        raise DesignError(f"{name!r} is not a correlation matrix: it has a negative eigenvalue")
    return corr


def _parameters(
    terms: "tuple[Term, ...]", ending: str, dim: str, intercept: str = "Intercept"
) -> tuple[Parameter, ...]:
    """One parameter a term; the names of tables go into no format string, where braces would be read."""
    parameters, start = [], 0
    for term in terms:
        own = intercept if term.name == "Intercept" else term.name
        columns = tuple(range(start, start + term.size))
        coords = () if term.coords is None else tuple(term.coords)
        own_dim = None if term.coords is None else own + dim
        parameters.append(Parameter(own + ending, columns, own_dim, coords))
        start += term.size
    return tuple(parameters)


def _entry(values: Mapping[str, Any], name: str) -> Any:
    key = find_name(name, values)
    if key is None:
        raise DesignError(
            f"the parameters lack {name!r}; they have {', '.join(map(typed_name, map(str, values)))}"
        )
    return values[key]
