"""How alike rows of one group are: methods of a posterior."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError
from bayesmixed.fit.draws import FitDraws
from bayesmixed.icc.values import icc_points, icc_table, icc_values
from bayesmixed.summary import describe_each

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit
    from bayesmixed.icc.symmetry_posterior import SymmetryPosterior


class IccOfFit(FitDraws):
    """The ICC, correlations between places, and ICCs that may be negative."""

    def icc(
        self,
        at: Mapping[str, Any] | None = None,
        ci_prob: float = 0.95,
        ci_kind: str = "eti",
        method: str | None = None,
        **options: Any,
    ) -> "pd.DataFrame":
        """Intraclass correlation ``z'Gz / (z'Gz + sigma^2)``; where there is a slope, a function of t.

        Parameters
        ----------
        at : dict, optional
            Values of slope variables, ``{"Days": [0, 5, 9]}``; by default the minimum, median and maximum of
            each, and the average over rows (a row with no value).
        ci_prob, ci_kind :
            As in `summary`.
        method : {None, "cs", "anova"}
            Of a random intercept, ICCs that may be negative: ``"cs"`` from `compound_symmetry`, ``"anova"`` as in
            `RemlFit.icc`, which is no posterior. By default the ICC of this fit's draws, which is positive.
        **options
            Of `compound_symmetry`.
        """
        from bayesmixed.icc.signed import posterior_signed, refuse_options

        if method is not None:
            return posterior_signed(cast("Fit", self), at, method, ci_prob, ci_kind, options)
        refuse_options(options)
        points = icc_points(self.model.design, at)
        return icc_table(self.model.names.factor, points, describe_each(self.icc_draws(at), ci_prob, ci_kind))

    def icc_draws(self, at: Mapping[str, Any] | None = None) -> Array:
        """Draws behind the rows of `icc`, shape (draws, rows)."""
        points = icc_points(self.model.design, at)
        return np.column_stack([icc_values(self.covariance, point.rows) for point in points])

    def compound_symmetry(
        self, draws: int = 4000, shape: tuple[float, float] = (1.0, 1.0), random_seed: Any = 0
    ) -> "SymmetryPosterior":
        """The posterior with one correlation of all pairs of rows of a group, which may be negative.

        ``V_i = sigma^2 (I + D 11')`` with D down to ``-1 / n``, n the largest group, so that the ICC
        ``rho = D / (1 + D)`` lies between ``-1 / (n - 1)`` and 1. Independent draws from a grid of rho and
        sigma, of the rows of this fit; its own draws are not used. See docs/icc.md.

        Parameters
        ----------
        draws : int
        shape : tuple of two floats
            The prior of rho is Beta(a, b) stretched over its range: uniform by default. It takes the place of the
            prior of the sd; sigma and the coefficients keep those of the model.
        random_seed : int, SeedSequence or Generator

        Raises
        ------
        SamplingError
            The model has more than a random intercept, or weights.
        PriorError
            A coefficient's prior is neither normal nor flat, or sigma's is not one of a family.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2"))
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> found = fit.compound_symmetry()
        >>> found.lowest, bool(found.p_negative() > 0.5)
        (-0.25, True)
        """
        from bayesmixed.icc.symmetry_posterior import sample_symmetry

        return sample_symmetry(self.model, draws, shape, random_seed)

    def correlation(
        self, at: Mapping[str, Any] | Sequence[Any] | None = None, point: str = "median"
    ) -> "pd.DataFrame":
        """Correlation of two rows of one group by where they are, ``z_t'Gz_s / sqrt(V(t) V(s))``.

        Of two different rows: the diagonal is ICC(t). For models with random slopes.

        Parameters
        ----------
        at : sequence, or dict from a slope variable to one, optional
            Values, ``[0, 3, 9]`` or ``{"Days": [0, 3, 9]}``; by default all values of the first slope variable (12
            evenly spaced ones of more numbers than that).
        point : {"median", "mean"}
            Of the posterior; `correlation_draws` has the draws.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
        >>> model.reml().correlation([0, 9]).round(2).to_numpy().tolist()
        [[0.48, 0.3], [0.3, 0.85]]
        """
        from bayesmixed.icc.correlation import correlation_table, places

        check_choice("point", point, ("median", "mean"), PredictionError)
        draws = self.correlation_draws(at)
        values = np.median(draws, axis=0) if point == "median" else draws.mean(axis=0)
        return correlation_table(places(self.model.design, at), values)

    def correlation_draws(self, at: Mapping[str, Any] | Sequence[Any] | None = None) -> Array:
        """Draws behind `correlation`, shape (draws, values, values)."""
        from bayesmixed.icc.correlation import correlation_values, places

        return correlation_values(self.covariance, places(self.model.design, at).rows)
