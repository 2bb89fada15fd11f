"""What can be asked of a (restricted) maximum likelihood fit about its predictors."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayesmixed.reml.estimates import Estimates

if TYPE_CHECKING:
    import pandas as pd


class EffectsOfReml(Estimates):
    """Marginal means, contrasts and slopes, with standard errors and degrees of freedom."""

    def marginal_means(
        self,
        variables: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        df: str = "satterthwaite",
        ci_prob: float = 0.95,
    ) -> "pd.DataFrame":
        """Mean of y by the levels of predictors at b = 0; see `Fit.marginal_means` for the averages.

        Parameters
        ----------
        variables, at, weights :
            As in `Fit.marginal_means`.
        df : {"satterthwaite", "kenward-roger"}
            As in `fixed_effects`.
        ci_prob : float

        Returns
        -------
        pandas.DataFrame
            ``estimate, se, df, t, p, lower, upper``, one row a cell; as emmeans with ``lmer.df``.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool")).reml()
        >>> fit.marginal_means("Type")["estimate"].round(3).to_dict()
        {'T1': 8.556, 'T2': 12.444, 'T3': 10.778, 'T4': 9.222}
        """
        from bayesmixed.marginal_effects.combinations import means
        from bayesmixed.marginal_effects.tables import reml_table

        return reml_table(self, means(self.design, variables, at, weights), df, ci_prob)

    def contrasts(
        self,
        variables: str | Sequence[str],
        method: Any = "pairwise",
        by: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        slope: str | None = None,
        df: str = "satterthwaite",
        adjust: str | None = None,
        ci_prob: float = 0.95,
    ) -> "pd.DataFrame":
        """Differences of marginal means, or of slopes; see `Fit.contrasts` for what may be asked.

        Parameters
        ----------
        variables, method, by, at, weights, slope :
            As in `Fit.contrasts`.
        df : {"satterthwaite", "kenward-roger"}
        adjust : {None, "holm", "tukey"}
            Of p values and intervals, for the number of contrasts within a cell of `by`. Tukey's is for
            ``"pairwise"``. With Holm's p values go Bonferroni's intervals, as in emmeans: his steps have none.
        ci_prob : float

        Returns
        -------
        pandas.DataFrame
            ``estimate, se, df, t, p, lower, upper``, one row a contrast.

        Notes
        -----
        Holm (1979), https://www.jstor.org/stable/4615733; Tukey (1949), doi:10.2307/3001913.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool")).reml()
        >>> fit.contrasts("Type", "reference", adjust="holm")["p"].round(4).to_dict()
        {'T2 - T1': 0.0, 'T3 - T1': 0.0005, 'T4 - T1': 0.211}
        """
        from bayesmixed.marginal_effects.adjustment import check_adjustment
        from bayesmixed.marginal_effects.asked import contrasts_asked
        from bayesmixed.marginal_effects.tables import reml_table

        check_adjustment(adjust, method)
        found, n_by = contrasts_asked(self.design, variables, method, by, at, weights, slope)
        return reml_table(self, found, df, ci_prob, adjust, n_by)

    def slopes(
        self,
        variable: str,
        by: str | Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        weights: str = "equal",
        df: str = "satterthwaite",
        ci_prob: float = 0.95,
    ) -> "pd.DataFrame":
        """Derivative of the mean of y by a number of the table at b = 0; see `Fit.slopes`.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ log(Days + 1) + (1 | Subject)", bm.load_dataset("sleepstudy"))
        >>> fit = model.reml()
        >>> fit.slopes("Days", at={"Days": [0, 1]})["estimate"].round(3).to_dict()  # beta / (Days + 1)
        {0: 40.024, 1: 20.012}
        """
        from bayesmixed.marginal_effects.combinations import slopes
        from bayesmixed.marginal_effects.tables import reml_table

        return reml_table(self, slopes(self.design, variable, by, at, weights), df, ci_prob)
