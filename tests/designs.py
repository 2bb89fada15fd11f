"""Small random tables and designs, and the stages of one model, for tests of the numeric core."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from bayesmixed.coding import CodedMoments
from bayesmixed.design import Design, build_design
from bayesmixed.formula import parse_formula
from bayesmixed.moments import Moments
from bayesmixed.parameters import ParameterNames
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.priors.presets import resolve_priors
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import ResolvedPriors


@dataclass(frozen=True)
class Rows:
    """Rows without a formula: what `Moments.of_rows` takes."""

    y: np.ndarray
    X: np.ndarray
    Z: np.ndarray
    group: np.ndarray
    weights: np.ndarray | None = None

    @property
    def levels(self) -> tuple[str, ...]:
        return tuple(f"g{j}" for j in range(self.group.max() + 1))

    @property
    def moments(self) -> Moments:
        return Moments.of_rows(self.y, self.X, self.Z, self.group, self.levels, self.weights)

    def take(self, index) -> "Rows":
        weights = None if self.weights is None else self.weights[index]
        return Rows(self.y[index], self.X[index], self.Z[index], self.group[index], weights)

    def chunk(self, index) -> Moments:
        """Moments of some rows, whose groups are numbered afresh."""
        part = self.take(index)
        own, group = np.unique(part.group, return_inverse=True)
        levels = tuple(self.levels[j] for j in own)
        return Moments.of_rows(part.y, part.X, part.Z, group, levels, part.weights)


def random_rows(sizes=(3, 1, 4, 2, 5), p=2, q=2, seed=0, weighted=False) -> Rows:
    """Rows of groups of these sizes, in random order; X and Z start with a column of ones."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    N = len(group)
    X, Z = rng.normal(size=(N, p)), rng.normal(size=(N, q))
    X[:, :1], Z[:, :1] = 1.0, 1.0
    y = rng.normal(size=N) + rng.normal(size=len(sizes))[group] + X @ rng.normal(size=p)
    return Rows(y, X, Z, group, rng.uniform(0.4, 3.0, size=N) if weighted else None)


def random_Lambda(q, seed=0, scale=1.0) -> np.ndarray:
    """A lower triangle with a positive diagonal."""
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.normal(size=(q, q)), -1)
    return scale * (lower + np.diag(rng.uniform(0.3, 1.5, size=q)))


def random_table(sizes=(4, 3, 5, 2, 6, 4, 3, 1), seed=1) -> pd.DataFrame:
    """A table with a response y, numbers t, u and x, a factor f, weights w, an offset o and groups g."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    N = len(group)
    t = rng.integers(0, 10, size=N).astype(float)
    u, x = rng.normal(3.0, 2.0, size=N), rng.normal(size=N)
    b = rng.normal(size=(len(sizes), 2)) * [8.0, 1.0]
    f = rng.permutation(np.arange(N) % 3)
    noise = rng.normal(scale=4.0, size=N)
    y = 50.0 + 2.0 * t + x + np.array([0.0, 3.0, -2.0])[f] + b[group, 0] + b[group, 1] * t + noise
    return pd.DataFrame(
        {
            "y": y,
            "t": t,
            "u": u,
            "x": x,
            "f": np.array(["A", "B", "C"])[f],
            "w": rng.uniform(0.5, 2.0, size=N),
            "o": rng.normal(size=N),
            "g": [f"g{j}" for j in group],
        }
    )


class Unconstrained(NamedTuple):
    """One vector of `bayesmixed.density.Density` taken apart, in the coding of the priors."""

    sd: np.ndarray
    chol: np.ndarray
    sigma: float
    explicit: np.ndarray
    lambdas: np.ndarray


def take_apart(posterior: MarginalPosterior, x: np.ndarray) -> Unconstrained:
    """log sd, correlations by rows, log sigma, log explicit coefficients, log lambda."""
    numbers = iter(x)
    q, coefficients = posterior.moments.q, posterior.coefficients
    sd, chol = np.array([np.exp(next(numbers)) for _ in range(q)]), np.eye(q)
    for block in posterior.priors.blocks:
        for i in range(len(block)):
            row = np.array([next(numbers) for _ in range(i)] + [1.0])
            chol[block[i], list(block[: i + 1])] = row / np.linalg.norm(row)
    sigma = float(np.exp(next(numbers)))
    explicit = np.array([np.exp(next(numbers)) for _ in coefficients.explicit])
    lambdas = np.array([np.exp(next(numbers)) for _ in range(int(coefficients.student.sum()))])
    assert next(numbers, None) is None
    return Unconstrained(sd, chol, sigma, explicit, lambdas)


class Stages(NamedTuple):
    """A model from its design to its posterior density."""

    design: Design
    names: ParameterNames
    priors: ResolvedPriors
    coded: CodedMoments
    posterior: MarginalPosterior


def design_of(formula: str, table, weights: str | None = None) -> Design:
    return build_design(parse_formula(formula), table, weights)


def stages(formula: str, table, priors=None, weights: str | None = None) -> Stages:
    """Every stage of one model; `priors` is whatever ``MixedModel(priors=...)`` takes."""
    design = design_of(formula, table, weights)
    names, coded = ParameterNames.of(design), CodedMoments.of(design)
    resolved = resolve_priors(Priors.of(priors), design)
    return Stages(design, names, resolved, coded, MarginalPosterior.of(coded, resolved, names))
