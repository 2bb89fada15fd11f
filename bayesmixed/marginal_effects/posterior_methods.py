"""What can be asked of a posterior about its predictors."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import RemlError, SamplingError
from bayesmixed.fit.draws import FitDraws

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.marginal_effects.tables import EffectTable


class EffectsOfFit(FitDraws):
    """Marginal means, contrasts, slopes, probability of direction, and regions of practical equivalence."""

    def marginal_means(
        self,
        variables: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        ci_prob: float = 0.95,
        ci_kind: str = "eti",
    ) -> "EffectTable":
        """Mean of y by the levels of predictors, averaged over all other predictors; at b = 0.

        ``L beta`` with one row of L for each cell: the average of the rows of X that the formula makes of

        ==================  ============================================================================
        ``"equal"``         every combination of the levels of the other factors, each counted alike, and
                            other numbers at their mean over the rows (of ``x`` itself where the formula
                            has ``log(x)``): emmeans' reference grid
        ``"proportional"``  the same, combinations counted by their numbers of rows
        ``"rows"``          all rows of the table with the cell's values put in, as marginaleffects'
                            ``avg_predictions(variables=)``
        ==================  ============================================================================

        Parameters
        ----------
        variables : str or sequence of str
            Columns of the table; cells are the combinations of their values. Without any there is one mean.
        at : dict, optional
            Values of predictors, ``{"Days": 3}`` or ``{"Days": [0, 9]}``. Several values are cells if the variable
            is among `variables`, and averaged alike if it is not.
        weights : {"equal", "proportional", "rows"}
        ci_prob, ci_kind :
            As in `summary`.

        Returns
        -------
        EffectTable
            A data frame with one row a cell, in units of y; its ``draws`` have shape (draws, cells), and
            ``rope(region)`` compares them with a region.

        Raises
        ------
        PredictionError
            A variable is no predictor of the mean, or cannot have such a value.

        Notes
        -----
        Searle, Speed and Milliken (1980), doi:10.1080/00031305.1980.10483031. See docs/effects.md.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool"))
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> fit.marginal_means("Type").index.tolist(), fit.marginal_means("Type").draws.shape
        (['T1', 'T2', 'T3', 'T4'], (4000, 4))
        """
        from bayesmixed.marginal_effects.combinations import means
        from bayesmixed.marginal_effects.tables import posterior_table

        found = means(self.model.design, variables, at, weights)
        return posterior_table(self, found, ci_prob, ci_kind, with_direction=False)

    def contrasts(
        self,
        variables: str | Sequence[str],
        method: Any = "pairwise",
        by: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        slope: str | None = None,
        ci_prob: float = 0.95,
        ci_kind: str = "eti",
    ) -> "EffectTable":
        """Differences of marginal means, or of slopes.

        Parameters
        ----------
        variables : str or sequence of str
            As in `marginal_means`.
        method : {"pairwise", "reference", "sequential"}, str, sequence, matrix or dict
            Each cell minus every later one, each minus the first, each minus the one before; or contrasts of your
            own as in `RemlFit.test`, by the labels of cells: ``"(T2 + T3) / 2 - T1"``, a matrix with a column for
            each cell, ``{"late": {"T3": 1, "T1": -1}}``.
        by : str or sequence of str
            Variables within each of whose cells to compare.
        at, weights :
            As in `marginal_means`.
        slope : str, optional
            Compare slopes by this variable instead of means.
        ci_prob, ci_kind :
            As in `summary`.

        Returns
        -------
        EffectTable
            As `marginal_means`, with the probability of ``direction`` of each, see `direction`.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool"))
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> fit.contrasts("Type", "sequential").index.tolist()
        ['T2 - T1', 'T3 - T2', 'T4 - T3']
        """
        from bayesmixed.marginal_effects.asked import contrasts_asked
        from bayesmixed.marginal_effects.tables import posterior_table

        found, _ = contrasts_asked(self.model.design, variables, method, by, at, weights, slope)
        return posterior_table(self, found, ci_prob, ci_kind, with_direction=True)

    def slopes(
        self,
        variable: str,
        by: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        ci_prob: float = 0.95,
        ci_kind: str = "eti",
    ) -> "EffectTable":
        """Derivative of the mean of y by a number of the table, whatever the formula makes of it; at b = 0.

        The formula's columns, ``log(x)``, ``poly(x, 3)``, ``bs(x, df=5)``, ``x * f``, are differentiated by a
        five-point rule: exact, but for rounding, for polynomials up to degree 4, and within 2e-8 of the slope for
        logarithms, roots and exponentials.

        Parameters
        ----------
        variable : str
            A column of numbers.
        by : str or sequence of str
            Variables whose combinations get a slope each.
        at : dict, optional
            As in `marginal_means`; several values of `variable` itself get a slope each.
        weights : {"equal", "proportional", "rows"}
            As in `marginal_means`: the slope where `variable` and other numbers are at their mean, or with
            ``"rows"`` the average of the slopes of all rows.
        ci_prob, ci_kind :
            As in `summary`.

        Returns
        -------
        EffectTable
            As `contrasts`, in units of y per unit of the variable.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ poly(Days, 2) + (1 | Subject)", bm.load_dataset("sleepstudy"))
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> fit.slopes("Days", at={"Days": [0, 9]})["median"].index.tolist()
        [0, 9]
        """
        from bayesmixed.marginal_effects.combinations import slopes
        from bayesmixed.marginal_effects.tables import posterior_table

        found = slopes(self.model.design, variable, by, at, weights)
        return posterior_table(self, found, ci_prob, ci_kind, with_direction=True)

    def direction(self, contrasts: Any = None) -> "pd.DataFrame":
        """Probability of direction: how sure the sign of each coefficient, or contrast, is.

        Parameters
        ----------
        contrasts : optional
            Combinations of coefficients as in `RemlFit.test`, ``"Type[T2] - Type[T3] = 1"``; by default each
            coefficient against 0.

        Returns
        -------
        pandas.DataFrame
            ``median``; ``positive``, the probability of more than the value; ``direction``, the larger of that and
            its opposite, between 0.5 and 1. A two-sided p value near ``2 (1 - direction)`` goes with flat priors.

        Notes
        -----
        Makowski et al. (2019), doi:10.3389/fpsyg.2019.02767.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> bool(fit.direction().loc["Days", "direction"] > 0.99)
        True
        """
        import pandas as pd

        from bayesmixed.marginal_effects.practical import direction

        index, draws = self._linear(contrasts)
        columns = {
            "median": np.median(draws[0], axis=0),
            "positive": (draws[0] > draws[1]).mean(axis=0),
            "direction": direction(*draws),
        }
        return pd.DataFrame(columns, index=index)

    def rope(
        self, region: Any = None, contrasts: Any = None, ci_prob: float = 0.95, ci_kind: str = "hdi"
    ) -> "pd.DataFrame":
        """Is a coefficient, or contrast, practically nothing? Its posterior against a region around nothing.

        ``decision`` is ``"reject"`` (the value is not practically nothing) where the interval lies outside the
        region, ``"accept"`` (it is) where it lies inside, ``"undecided"`` otherwise.

        Parameters
        ----------
        region : number, (low, high), or dict from labels to these, optional
            In units of y per unit of the column; a number is a half-width around 0. What matters is for you to
            say; the default is Kruschke's 0.1 for standardised effects, which is ``0.1 sd(y) / sd(x)`` of a
            number's column and ``0.1 sd(y)`` of a factor's. The intercept, products of factors and numbers, and
            contrasts have no default (``"no region"``).
        contrasts : optional
            As in `direction`; a value behind ``=`` is subtracted.
        ci_prob : float
        ci_kind : {"hdi", "eti"}
            Shortest, or equal-tailed.

        Returns
        -------
        pandas.DataFrame
            ``low, high`` of the region, the interval, ``share`` of the posterior in the region,
            ``share_of_interval`` of the interval's draws, ``decision``.

        Notes
        -----
        Kruschke (2018), doi:10.1177/2515245918771304. The shares move with the priors as all posteriors do.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
        >>> fit = model.fit(random_seed=1, progressbar=False)
        >>> fit.rope({"Days": (-1, 1)})["decision"].to_dict()
        {'Intercept': 'no region', 'Days': 'reject'}
        """
        from bayesmixed.marginal_effects.practical import default_widths, practical_table, regions

        index, (draws, null) = self._linear(contrasts)
        design, widths = self.model.design, np.full(len(index), np.nan)
        if contrasts is None and (region is None or (isinstance(region, Mapping) and design.streamed is None)):
            widths = default_widths(design)
        return practical_table(draws - null, index, *regions(region, index, widths), ci_prob, ci_kind)

    def _linear(self, contrasts: Any) -> "tuple[pd.Index, tuple[Any, Any]]":
        """Names, draws and null values of combinations of coefficients."""
        import pandas as pd

        from bayesmixed.reml.hypotheses.contrasts import Contrasts

        labels = self.model.design.fixed_labels
        if contrasts is None:
            return pd.Index(labels, name="term"), (self.beta, np.zeros(len(labels)))
        try:
            found = Contrasts.of(contrasts, labels)
        except RemlError as error:
            raise SamplingError(str(error)) from None
        return pd.Index(found.names, name="contrast"), (self.beta @ found.L.T, found.values)
