"""Posterior predictive checks as methods of a fit."""

from typing import TYPE_CHECKING, Any

from bayesmixed.fit.draws import FitDraws

if TYPE_CHECKING:
    import pandas as pd


class Checks(FitDraws):
    """Whether the model draws tables like the data."""

    def check(
        self,
        groups: str = "new",
        statistics: Any = None,
        draws: int | None = 1000,
        time: Any = None,
        ci_prob: float = 0.95,
        ci_kind: str = "eti",
        random_seed: Any = 0,
    ) -> "pd.DataFrame":
        """Posterior predictive check: statistics of the table beside those of tables drawn from the model.

        ==================  ===================================================================  ==========
        statistic           what it sums up                                                      replicates
        ==================  ===================================================================  ==========
        between-group sd    sd of the group means                                                new
        within-group sd     pooled sd about the group means                                      new
        ICC (ANOVA)         share of variance between groups, from mean squares                  new
        lowest group mean   in units of y                                                        new
        highest group mean  in units of y                                                        new
        farthest group      its distance from the other groups in their sd, without X            new
        autocorrelation     of residuals of consecutive rows of a group, over its sd             either
        residual spread     coefficient of variation of the groups' residual sd                  either
        ==================  ===================================================================  ==========

        Replicates of the same groups keep the b that were fitted to this very table, so that what lies between
        groups agrees whatever the model: it takes new groups to test it. The last two statistics are of residuals
        of the least-squares fit with coefficients of each group's own, which depend on neither b, beta nor G.
        Neither do they depend on sigma: their p-values are exact.

        Parameters
        ----------
        groups : {"new", "observed"}
            Replicates of new groups, ``b ~ N(0, G)``, or of the same groups, with b as drawn.
        statistics : optional
            Names of the above, functions ``f(y, table)`` of one table's response (N,) and the model's data frame,
            a list of both, or a mapping from names to functions. By default all that the table has.
        draws : int or None
            How many replicates; None for as many as there are draws. Only two million numbers of them are held at
            a time.
        time : str or sequence, optional
            What orders the rows of a group: a column of the model, or one value for each row. By default the
            first numeric variable with a random slope, else the first numeric predictor that varies within groups.
        ci_prob, ci_kind :
            As in `Fit.summary`: interval of the replicates.
        random_seed : int, SeedSequence or Generator

        Returns
        -------
        pandas.DataFrame
            ``groups`` that were replicated, ``observed``, ``mean`` and interval of the replicates, two-sided ``p``
            (at least ``1 / (R + 1)`` with R replicates) and ``reading``, a sentence. One row a statistic.

        Raises
        ------
        PredictionError
            A statistic does not exist or is no number, or time has missing values.

        References
        ----------
        Gelman, Meng and Stern (1996), Statistica Sinica 6, 733-807. Replicates of new groups: Bayarri and
        Castellanos (2007), doi:10.1214/07-STS235.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
        >>> found = model.fit(random_seed=1, progressbar=False).check()
        >>> bool(found.loc["between-group sd", "p"] > 0.1), bool(found.loc["residual spread", "p"] < 0.01)
        (True, True)
        """
        from bayesmixed.checks.replicated import replicated_statistics

        return replicated_statistics(self, groups, statistics, draws, time, random_seed).table(ci_prob, ci_kind)
