"""Posteriors of many responses under one model, and what can be asked of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arguments import check_probability
from bayesmixed.arrays import Array
from bayesmixed.engines.weights import K_HAT_LIMIT, effective_size_of_mean
from bayesmixed.errors import SamplingError
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.quantities.by_label import coefficients_by_label, covariance_by_label

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.model import MixedModel


@dataclass(frozen=True, eq=False)
class Refits:
    """Weighted draws of the posteriors of many responses under one model.

    Parameters
    ----------
    model : MixedModel
        Whose X, Z, groups, weights and priors all of them share.
    beta : ndarray, shape (n, draws, p)
        Coefficients in the user's coding.
    covariance : CovarianceParameters
        sd (n, draws, q), corr (n, draws, q, q) and sigma (n, draws), in the user's coding.
    weights : ndarray, shape (n, draws)
        Of each response they sum to one.
    k_hat : ndarray, shape (n,)
    log_evidence : ndarray, shape (n,)
        Log of the integral of likelihood times priors; up to a constant under flat priors of coefficients. nan
        where NUTS took over.
    by_nuts : ndarray of bool, shape (n,)
        Where importance weights were not to be trusted and NUTS took over; its draws have equal weights.
    responses : ndarray, shape (n, N)
    """

    model: "MixedModel"
    beta: Array
    covariance: CovarianceParameters
    weights: Array
    k_hat: Array
    log_evidence: Array
    by_nuts: NDArray[np.bool_]
    responses: Array

    def __len__(self) -> int:
        return len(self.weights)

    def __repr__(self) -> str:
        return f"Refits({len(self)} responses, {self.weights.shape[1]} weighted draws of each)"

    @property
    def reliable(self) -> NDArray[np.bool_]:
        """Which responses have weights with k-hat of at most 0.7, or draws by NUTS; shape (n,)."""
        return (self.k_hat <= K_HAT_LIMIT) | self.by_nuts

    @property
    def ess(self) -> Array:
        """``(sum w)^2 / sum w^2`` of each response, (n,); nan for draws by NUTS, whose weights do not tell it."""
        return np.where(self.by_nuts, np.nan, 1.0 / (self.weights**2).sum(axis=1))

    def effective_sizes(self) -> "pd.DataFrame":
        """Effective sample size of the mean of every quantity, from the weights; one row a response.

        nan where NUTS took over.
        """

        def sizes(values: Array) -> Array:
            found = [effective_size_of_mean(f, w) for f, w in zip(values, self.weights, strict=True)]
            return np.where(self.by_nuts, np.nan, found)

        return self._table(sizes)

    @cached_property
    def reml(self) -> "pd.DataFrame":
        """REML estimates of every response, one row each, under the labels of `scalars` (and of ICC).

        nan where REML did not converge; a correlation with an effect of sd 0 does not exist and is nan too.
        """
        from bayesmixed.reml.resampling.responses import refit_reml

        return refit_reml(self.model.reml(), self.responses)

    def scalars(self) -> dict[str, Array]:
        """Draws (n, draws) of every free number by its label, as `Fit.scalars`; they go with `weights`."""
        design, names = self.model.design, self.model.names
        return coefficients_by_label(names, self.beta) | covariance_by_label(design, names, self.covariance)

    def means(self) -> "pd.DataFrame":
        """Posterior means, one row a response and one column a quantity."""
        return self._table(lambda values: (self.weights * values).sum(axis=1))

    def sds(self) -> "pd.DataFrame":
        """Posterior standard deviations, one row a response and one column a quantity."""

        def sd(values: Array) -> Array:
            off = values - (self.weights * values).sum(axis=1, keepdims=True)
            return np.sqrt((self.weights * off**2).sum(axis=1))

        return self._table(sd)

    def quantiles(self, probability: float) -> "pd.DataFrame":
        """One posterior quantile of every quantity, one row a response."""
        check_probability("probability", probability, SamplingError)

        def quantile(values: Array) -> Array:
            order = np.argsort(values, axis=1)
            below = np.cumsum(np.take_along_axis(self.weights, order, axis=1), axis=1)
            place = np.minimum((below < probability).sum(axis=1), values.shape[1] - 1)
            return np.take_along_axis(np.take_along_axis(values, order, axis=1), place[:, None], axis=1)[:, 0]

        return self._table(quantile)

    def probability_below(self, truth: Mapping[str, Any]) -> "pd.DataFrame":
        """Posterior probability that a quantity is below its truth: uniform if responses come from the prior.

        Simulation-based calibration; Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788.

        Parameters
        ----------
        truth : mapping of str to float or ndarray, shape (n,)
            By the labels of `scalars`.
        """
        found, scalars = {}, self.scalars()
        for label, value in truth.items():
            if label not in scalars:
                raise SamplingError(f"there is no quantity {label!r}; there are {', '.join(scalars)}")
            known = np.broadcast_to(np.asarray(value, dtype=float), len(self))
            found[label] = (self.weights * (scalars[label] < known[:, None])).sum(axis=1)
        return self._frame(found)

    def _table(self, of: Callable[[Array], Array]) -> "pd.DataFrame":
        return self._frame({label: of(values) for label, values in self.scalars().items()})

    def _frame(self, columns: dict[str, Array]) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame(columns).rename_axis("response")
