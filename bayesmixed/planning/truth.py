"""What is taken for true in a plan: coefficients, sd between groups and sigma, fixed or drawn from a prior."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import DesignError
from bayesmixed.fit.draws import FitDraws
from bayesmixed.parameters import CovarianceParameters, find_name
from bayesmixed.priors.families import Family, Flat
from bayesmixed.quantities.by_label import coefficients_by_label, covariance_by_label

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel


#: Numbers from here on are mistakes: their squares would overflow.
HUGE = 1e100


@dataclass(frozen=True, eq=False)
class Truth:
    """Parameters of each of R data sets, in the user's coding.

    Parameters
    ----------
    beta : ndarray, shape (R, p)
    G : ndarray, shape (R, q, q)
    sigma : ndarray, shape (R,)
    """

    beta: Array
    G: Array
    sigma: Array

    @property
    def constant(self) -> bool:
        """Whether all data sets have the same parameters."""
        return all(np.ptp(values, axis=0).max() == 0.0 for values in (self.beta, self.G, self.sigma))


def is_random(value: Any) -> bool:
    """Whether a value is a distribution: a prior of this package, or a frozen one of SciPy."""
    return isinstance(value, Family) or hasattr(value, "rvs")


def truth_of(
    model: "MixedModel",
    effects: Mapping[str, Any] | FitDraws,
    sd: Any,
    icc: Any,
    sigma: Any,
    count: int,
    rng: np.random.Generator,
) -> Truth:
    """Parameters of `count` data sets: numbers are repeated, distributions and pilot studies are drawn from."""
    values, labels = _labels(model), list(coefficients_by_label(model.names, np.zeros(model.design.X.shape[1])))
    if isinstance(effects, FitDraws):
        values |= _of_pilot(effects, count, rng, labels, values)
    else:
        values |= {_label(name, labels): drawn(value, count, rng, name) for name, value in effects.items()}
    if sigma is not None:
        values["sigma"] = drawn(sigma, count, rng, "sigma")
    if values.get("sigma") is None:
        raise DesignError("sigma, the residual sd, must be given")
    _check(values["sigma"] > 0.0, "sigma must be positive")
    spread = _spreads(model, sd, icc, values["sigma"], count, rng)
    values |= spread if spread is not None else {}
    beta = np.stack([np.broadcast_to(values[label], count) for label in labels], axis=1)
    covariance = _covariance(model, values, count)
    return Truth(beta, covariance.G, np.asarray(values["sigma"]))


def drawn(value: Any, count: int, rng: np.random.Generator, name: str) -> Array:
    """`count` values: of a distribution, or one number again and again."""
    if is_random(value):
        return _of_distribution(value, count, rng, name)
    if isinstance(value, str | bool):
        raise DesignError(f"{name} must be a number or a distribution, not {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise DesignError(f"{name} must be a number or a distribution, not {value!r}") from None
    _check(abs(number) < HUGE, f"{name} must be a finite number, not {value!r}")
    return np.full(count, number)


def _of_distribution(value: Any, count: int, rng: np.random.Generator, name: str) -> Array:
    """`count` draws of a prior of this package, or of a frozen distribution of SciPy."""
    if isinstance(value, Flat):
        raise DesignError(
            f"{name}: nothing can be drawn from a flat prior; say what is believed, such as Normal(0.5, 0.2)"
        )
    frozen = value.distribution() if isinstance(value, Family) else value
    try:
        found = np.asarray(frozen.rvs(size=count, random_state=rng), dtype=float)
    except (TypeError, ValueError) as error:
        raise DesignError(f"{name}: no number can be drawn from {value!r}: {error}") from None
    _check(found.shape == (count,), f"{name} must be a distribution of one number")
    _check((np.abs(found) < HUGE), f"{name}: draws of its distribution must be finite")
    return found


def _labels(model: "MixedModel") -> dict[str, Any]:
    """Every free number: coefficients are 0 unless said, the rest must be said."""
    names = model.names
    found: dict[str, Any] = dict.fromkeys(coefficients_by_label(names, np.zeros(model.design.X.shape[1])), 0.0)
    identity = CovarianceParameters(np.ones(model.design.q), np.eye(model.design.q), np.ones(()))
    for label in covariance_by_label(model.design, names, identity):
        found[label] = 0.0 if label.startswith(f"{names.corr}[") else None
    return found


def _label(name: str, labels: Sequence[str]) -> str:
    found = find_name(name, labels)
    if found is None:
        raise DesignError(f"effects: no coefficient {name!r}; there are {', '.join(labels)}")
    return found


def _of_pilot(
    pilot: FitDraws, count: int, rng: np.random.Generator, labels: list[str], values: dict[str, Any]
) -> dict[str, Array]:
    """Joint draws of a pilot study's posterior, by the labels that the plan shares with it."""
    draws = {label: values.ravel() for label, values in pilot.scalars().items()}
    pick = rng.integers(0, len(draws["sigma"]), count)
    lacking = [label for label in labels if label not in draws and label != "Intercept"]
    if lacking:
        raise DesignError(f"the pilot study has no {', '.join(lacking)}: give effects by name instead")
    # Groups may be called otherwise there: a pilot in schools, the study in classes.
    there = {label: label if label in draws else _renamed(label, pilot.model.names.factor) for label in values}
    return {label: draws[theirs][pick] for label, theirs in there.items() if theirs in draws}


def _renamed(label: str, factor: str) -> str:
    return f"{label.partition('|')[0]}|{factor}_sigma"


def _spreads(
    model: "MixedModel", sd: Any, icc: Any, sigma: Array, count: int, rng: np.random.Generator
) -> dict[str, Array] | None:
    """sd of the random effects from `sd` or `icc`; None if neither is given."""
    own = [label for p in model.names.sd for label in p.labels]
    if sd is not None and icc is not None:
        raise DesignError("give sd or icc, not both")
    if isinstance(sd, Mapping):
        return _by_name(model, sd, count, rng)
    if sd is None and icc is None:
        return None
    if len(own) != 1:
        raise DesignError(
            f"with several random effects sd must be a dict, such as {{{', '.join(f'{o!r}: 0.3' for o in own)}}}"
        )
    if icc is None:
        found = drawn(sd, count, rng, "sd")
        _check(found >= 0.0, "sd must be zero or positive")
        return {own[0]: found}
    share = drawn(icc, count, rng, "icc")
    _check((share >= 0.0) & (share < 1.0), "icc must lie from 0 to below 1")
    return {own[0]: sigma * np.sqrt(share / (1.0 - share))}


def _by_name(model: "MixedModel", sd: Mapping[str, Any], count: int, rng: np.random.Generator) -> dict[str, Array]:
    fixed = coefficients_by_label(model.names, np.zeros(model.design.X.shape[1]))
    known = [label for label in _labels(model) if label != "sigma" and label not in fixed]
    found = {}
    for name, value in sd.items():
        label = find_name(name, known)
        if label is None:
            raise DesignError(f"sd: no sd or correlation {name!r}; there are {', '.join(known)}")
        found[label] = drawn(value, count, rng, name)
    return found


def _covariance(model: "MixedModel", values: Mapping[str, Any], count: int) -> CovarianceParameters:
    names, design = model.names, model.design
    entries: dict[str, Array] = {"sigma": np.asarray(values["sigma"])}
    for parameter in names.sd:
        lacking = [label for label in parameter.labels if values[label] is None]
        if lacking:
            raise DesignError(f"the sd between groups, {', '.join(map(repr, lacking))}, must be given: sd or icc")
        columns = [np.broadcast_to(values[label], count) for label in parameter.labels]
        entries[parameter.name] = columns[0] if parameter.dim is None else np.stack(columns, axis=-1)
    if names.has_corr:
        corr = np.broadcast_to(np.eye(design.q), (count, design.q, design.q)).copy()
        for block in design.blocks:
            for i in block.columns:
                for j in block.columns:
                    if i < j:
                        a, b = (design.random_labels[k] for k in (i, j))
                        value = values.get(f"{names.corr}[{a},{b}]", 0.0)
                        corr[:, i, j] = corr[:, j, i] = value
        entries[names.corr] = corr
    return names.covariance(entries)


def _check(holds: Any, message: str) -> None:
    if not np.all(holds):
        raise DesignError(message)
