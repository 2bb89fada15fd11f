"""G and V of a model, at given parameters: as in a textbook, and as large."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.design import Design
from bayesmixed.errors import DesignError
from bayesmixed.parameters import CovarianceParameters, ParameterNames

if TYPE_CHECKING:
    from bayesmixed.reml import RemlFit


class ModelMatrices:
    """Covariance matrices of a `MixedModel`."""

    design: Design
    if TYPE_CHECKING:

        @property
        def names(self) -> ParameterNames: ...

    def covariance_parameters(self, params: "Mapping[str, Any] | RemlFit") -> CovarianceParameters:
        """sd, correlations and sigma from a dict by names of the DataTree, or from a RemlFit."""
        if isinstance(params, Mapping):
            return self.names.covariance(params)
        from bayesmixed.reml import RemlFit

        if not isinstance(params, RemlFit):
            raise DesignError(
                "params must be a dict by names of the DataTree, such as {'sigma': 25.6, ...}, or a RemlFit, "
                f"not {type(params).__name__}"
            )
        return params.covariance

    def G(self, params: "Mapping[str, Any] | RemlFit", groups: int | None = 1) -> Array:
        """Covariance matrix of the random effects of some groups, block diagonal.

        Parameters
        ----------
        params : dict or RemlFit
            For example ``{"1|Subject_sigma": 25.0, "Days|Subject_sigma": 6.0, "sigma": 25.6}``.
        groups : int or None
            How many groups; None for all of the table.

        Returns
        -------
        ndarray, shape (groups * q, groups * q)
        """
        size = self.design.n_groups if groups is None else groups
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise DesignError(f"groups must be a whole number of at least 1, or None for all, not {groups!r}")
        return np.asarray(np.kron(np.eye(size), self.covariance_parameters(params).G), dtype=float)

    def V(self, params: "Mapping[str, Any] | RemlFit") -> Array:
        """Covariance matrix of y, ``Z G Z' + sigma^2 diag(w)^-1``, w the weights: block diagonal over groups.

        For a random slope and intercept and two rows j, k of one group,

            Cov(y_j, y_k) = g00 + (t_j + t_k) g01 + t_j t_k g11,
            Var(y_j)      = g00 + 2 t_j g01 + t_j^2 g11 + sigma^2.

        sigma^2 stands on the diagonal only. Some teaching material prints it in the off-diagonal cells of one
        group's block too; that contradicts independent errors.

        Parameters
        ----------
        params : dict or RemlFit

        Returns
        -------
        ndarray, shape (N, N)
            In units of y squared.
        """
        design = self.design
        if 8 * design.n_obs**2 > 1e9:
            raise DesignError(f"V of {design.n_obs} rows is too large to look at; use G and Z_rows")
        found = self.covariance_parameters(params)
        together = design.group[:, None] == design.group[None, :]
        V = np.where(together, design.Z_rows @ found.G @ design.Z_rows.T, 0.0)
        return V + np.diag(found.sigma**2 / design.weights)
