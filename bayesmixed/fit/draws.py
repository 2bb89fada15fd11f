"""Draws of a fit as arrays: by name, of all coefficients, of the covariance parameters, of the random effects."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.errors import SamplingError
from bayesmixed.parameters import CovarianceParameters, find_name, stored_name, typed_name
from bayesmixed.quantities.by_label import coefficients_by_label, covariance_by_label
from bayesmixed.sampling.draws import effects_of
from bayesmixed.summary import ancestors, convergence

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesmixed.model import MixedModel


class FitDraws:
    """A DataTree of draws and the model that they are of.

    Parameters
    ----------
    model : MixedModel
    idata : xarray.DataTree
    """

    def __init__(self, model: "MixedModel", idata: "xr.DataTree"):
        self.model = model
        self.idata = idata

    @property
    def shape(self) -> tuple[int, int]:
        """Chains, and draws of each."""
        return self.idata["posterior"].sizes["chain"], self.idata["posterior"].sizes["draw"]

    def draws_of(self, name: str) -> Array:
        """Draws of one variable, (chains * draws, ...), by its name as typed."""
        array = self._variable(name).transpose("chain", "draw", ...).to_numpy()
        return array.reshape(-1, *array.shape[2:])

    def _variable(self, name: str) -> "xr.DataArray":
        """One variable of the posterior by its name as typed."""
        posterior = self.idata["posterior"].to_dataset()
        stored = find_name(name, map(str, posterior.data_vars))
        if stored is None:
            there = ", ".join(typed_name(str(variable)) for variable in posterior.data_vars)
            raise SamplingError(f"the posterior has no variable {name!r}; it has {there}")
        return posterior[stored]

    @cached_property
    def covariance(self) -> CovarianceParameters:
        """sd, correlations and sigma of every draw, in the user's coding."""
        names = self.model.names
        wanted = ["sigma", *(p.name for p in names.sd), *([names.corr] if names.has_corr else [])]
        return names.covariance({name: self.draws_of(name) for name in wanted})

    @cached_property
    def beta(self) -> Array:
        """Draws of the coefficients in the order of the columns of X, (draws, p)."""
        columns = [self.draws_of(p.name) for p in self.model.names.fixed]
        stacked = [column.reshape(len(column), -1) for column in columns]
        return np.hstack(stacked) if stacked else np.empty((int(np.prod(self.shape)), 0))

    @cached_property
    def ancestor(self) -> "Index | None":
        """The independent draw that each draw is a copy of, (chains, draws); None for Markov chains."""
        return ancestors(self.statistics)

    @property
    def statistics(self) -> "xr.Dataset | None":
        """Statistics of the sampler, where it left any."""
        return self.idata["sample_stats"].to_dataset() if "sample_stats" in self.idata.children else None

    def convergence(self, values: Array) -> dict[str, float]:
        """R-hat, effective sample sizes and Monte Carlo error of draws (chains, draws) of this fit's posterior."""
        return convergence(values, self.ancestor)

    @property
    def has_effects(self) -> bool:
        """Whether draws of b were kept."""
        return stored_name(self.model.names.effects[0].name) in self.idata["posterior"]

    @cached_property
    def effects(self) -> Array:
        """Draws of b, (draws, J, q)."""
        if not self.has_effects:
            raise SamplingError(
                "draws of the random effects were not kept (their moments are in idata['group_effects']): "
                "fit with keep_groups=True"
            )
        found = effects_of(self.idata["posterior"].to_dataset(), self.model.names, ("chain", "draw"))
        return found.reshape(-1, *found.shape[2:])

    @cached_property
    def effect_moments(self) -> tuple[Array, Array]:
        """Posterior means and standard deviations of b, (J, q) each, also where draws were not kept."""
        if self.has_effects:
            return self.effects.mean(axis=0), self.effects.std(axis=0, ddof=1)
        mean, sd = effects_of(self.idata["group_effects"].to_dataset(), self.model.names, ("moment",))
        return mean, sd

    def scalars(self) -> dict[str, Array]:
        """Draws (chains, draws) of every free number by its label: coefficients, sd, correlations, sigma.

        Of a correlation matrix the upper triangle within blocks, ``Subject_corr[Intercept,Days]``.
        """
        names = self.model.names
        found = coefficients_by_label(names, self.beta)
        found |= covariance_by_label(self.model.design, names, self.covariance)
        return {label: values.reshape(self.shape) for label, values in found.items()}

    def to_dataframe(self, var_names: Sequence[str] | None = None) -> "pd.DataFrame":
        """One row a draw, with columns ``chain``, ``draw`` and one for each number.

        Parameters
        ----------
        var_names : sequence of str, optional
            Variables of the posterior, as typed; by default all but the random effects.
        """
        import pandas as pd

        chains, draws = self.shape
        columns: dict[str, np.ndarray] = {
            "chain": np.repeat(np.arange(chains), draws),
            "draw": np.tile(np.arange(draws), chains),
        }
        if var_names is None:
            columns |= {label: values.ravel() for label, values in self.scalars().items()}
            return pd.DataFrame(columns)
        for name in [var_names] if isinstance(var_names, str) else var_names:
            columns |= self._labelled(name)
        return pd.DataFrame(columns)

    def _labelled(self, name: str) -> dict[str, Array]:
        """Every entry of one variable with its label, as ``az.summary`` writes it."""
        values, variable = self.draws_of(name), self._variable(name)
        name = typed_name(str(variable.name))
        coords = [[str(c) for c in variable[d].to_numpy()] for d in variable.dims if d not in ("chain", "draw")]
        if not coords:
            return {name: values}
        labels = [
            ", ".join(np.array(coords[d])[i] for d, i in enumerate(index))
            for index in np.ndindex(values.shape[1:])
        ]
        flat = values.reshape(len(values), -1)
        return {f"{name}[{label}]": flat[:, k] for k, label in enumerate(labels)}
