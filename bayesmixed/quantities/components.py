"""Variance components: sd, variances, covariances, correlations and shares, from draws or estimates alike."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.parameters import CovarianceParameters

if TYPE_CHECKING:
    from bayesmixed.design import Design


class Component(NamedTuple):
    """One quantity of the variance components, with its value in each draw (or its estimate)."""

    group: str
    term: str
    quantity: str
    values: Array


def components(design: "Design", covariance: CovarianceParameters) -> Iterator[Component]:
    """Every variance component of a model.

    ``share of variance`` of a factor is ``mean z'Gz / (mean z'Gz + sigma^2)`` with the mean over rows; for a
    random intercept that is the ICC.
    """
    factor, labels = design.factor_name, design.random_labels
    G = covariance.G
    same_block = np.zeros((design.q, design.q), dtype=bool)
    for block in design.blocks:
        same_block[np.ix_(block.columns, block.columns)] = True
    for k, label in enumerate(labels):
        yield Component(factor, label, "sd", covariance.sd[..., k])
        yield Component(factor, label, "variance", G[..., k, k])
    for k, first in enumerate(labels):
        for m in range(k + 1, len(labels)):
            if same_block[k, m]:
                pair = f"{first},{labels[m]}"
                yield Component(factor, pair, "covariance", G[..., k, m])
                yield Component(factor, pair, "correlation", covariance.corr[..., k, m])
    residual = np.asarray(covariance.sigma)
    between = np.einsum("...kl,kl->...", G, design.z_second_moment)
    share = between / (between + residual**2)
    yield Component(factor, "", "share of variance", share)
    yield Component("Residual", "", "sd", residual)
    yield Component("Residual", "", "variance", residual**2)
    yield Component("Residual", "", "share of variance", 1.0 - share)
