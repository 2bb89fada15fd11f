"""Cross-validation as methods of a fit."""

from typing import TYPE_CHECKING, Any, cast

from bayesmixed.fit.draws import FitDraws

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.leaving_out.results import GroupsLeftOut, RowsLeftOut


class LeavingOut(FitDraws):
    """How well rows, or groups, are predicted by the others."""

    def loo(self, refit: bool | str = "auto", random_seed: Any = 0, cores: int | None = None) -> "RowsLeftOut":
        """Leave-one-row-out cross-validation: how well a new row of a known group is predicted.

        ``elpd = sum log p(y_ij | all other rows)``. Given theta = (sd, Omega, sigma) that density is normal, with
        beta and b integrated out; draws of theta are weighted by ``1 / p(y_ij | y_-ij, theta)``, Pareto-smoothed.
        The priors keep their numbers. ``az.loo(fit.idata)`` aims at the same from draws of b, less precisely; see
        docs/cross-validation.md.

        Parameters
        ----------
        refit : {"auto", True, False}
            "auto": the posterior is computed anew without each row whose k-hat is above ``good_k`` (at most 0.7).
            True: without every row. False: never, with a warning where k-hat is too large.
        random_seed : int, SeedSequence or Generator
            Of the refits.
        cores : int, optional
            Threads; all cores if None. The numbers do not depend on it.

        Returns
        -------
        arviz_stats ELPDDataLOO
            As of ``az.loo(..., pointwise=True)``, for ``az.compare`` or ``az.plot_khat``: ``elpd``, ``se``, ``p``,
            ``elpd_i``, ``pareto_k`` (0 where refitted) and ``refitted``. Densities are per unit of y.

        Raises
        ------
        SamplingError
            The table was read in parts, or a coefficient with a flat prior cannot be told without some row.

        References
        ----------
        Vehtari, Gelman and Gabry (2017), doi:10.1007/s11222-016-9696-4.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
        >>> found = model.fit(random_seed=1, progressbar=False).loo()
        >>> found.n_data_points, bool((found.pareto_k < 0.7).all())
        (30, True)
        """
        from bayesmixed.leaving_out.rows_and_groups import leave_out

        return leave_out(cast("Fit", self), "row", refit, random_seed, cores)

    def logo(self, refit: bool | str = "auto", random_seed: Any = 0, cores: int | None = None) -> "GroupsLeftOut":
        """Leave-one-group-out cross-validation: how well all rows of a new group are predicted together.

        ``elpd = sum log p(y_i | all other groups)``, y_i all rows of group i; otherwise as `loo`. With "auto" and
        fewer than 8 groups, posteriors are computed anew without each of them.

        Parameters
        ----------
        refit, random_seed, cores :
            As in `loo`.

        Returns
        -------
        arviz_stats ELPDDataLOO
            With one value a group.

        Raises
        ------
        SamplingError
            The table was read in parts, or a coefficient with a flat prior cannot be told without some group.
        """
        from bayesmixed.leaving_out.rows_and_groups import leave_out

        found = leave_out(cast("Fit", self), "group", refit, random_seed, cores)
        return cast("GroupsLeftOut", found)
