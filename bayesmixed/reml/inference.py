"""Questions to a fit: contrasts, terms, random effects, other models, intervals."""

from typing import TYPE_CHECKING, Any

from bayesmixed.arrays import Array
from bayesmixed.reml.estimates import Estimates

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.comparison.ratio import LikelihoodRatioTest
    from bayesmixed.reml.resampling.bootstrap import Bootstrap


class Inference(Estimates):
    """Tests and intervals."""

    def test(
        self, contrasts: Any, df: str = "satterthwaite", joint: bool = False, ci_prob: float = 0.95
    ) -> "pd.DataFrame":
        """Test linear combinations of coefficients, ``L beta = value``.

        Parameters
        ----------
        contrasts : str, sequence of str, ndarray, pandas.DataFrame or dict
            Text such as ``"Days = 0"``, ``"Type[T2] - Type[T3]"``, ``"(Type[T2] + Type[T3]) / 2 = 3"``, by the
            labels of `fixed_effects`; a vector (p,) or matrix (k, p); a dict ``{label: coefficient}``; or one from
            names to such dicts, vectors or text. The value is 0 unless text says otherwise.
        df : {"satterthwaite", "kenward-roger"}
            As in `fixed_effects`.
        joint : bool
            All at once by an F test; hypotheses that follow from the others are dropped.
        ci_prob : float
            Of the intervals of single contrasts.

        Returns
        -------
        pandas.DataFrame
            One row a contrast with ``estimate, se, df, t, p, lower, upper``; joint, one row with
            ``num_df, den_df, F, p``.

        Raises
        ------
        RemlError
            A contrast cannot be read or names no coefficient; hypotheses contradict one another.

        Notes
        -----
        As ``contest`` of lmerTest, doi:10.18637/jss.v082.i13, and ``KRmodcomp`` of pbkrtest,
        doi:10.18637/jss.v059.i09.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool")).reml()
        >>> fit.test("Type[T2] - Type[T3]")[["estimate", "df", "t"]].round(3).to_dict("list")
        {'estimate': [1.667], 'df': [24.0], 't': [3.213]}
        >>> fit.test("Type[T3] = Type[T4], Type[T4] = 1", joint=True)[["num_df", "F"]].round(3).to_dict("list")
        {'num_df': [2], 'F': [4.987]}
        """
        from bayesmixed.reml.hypotheses.contrasts import Contrasts
        from bayesmixed.reml.hypotheses.tests import joint_test, t_tests

        found = Contrasts.of(contrasts, self.design.fixed_labels)
        return joint_test(self, found, df) if joint else t_tests(self, found, df, ci_prob)

    def anova(self, df: str = "satterthwaite") -> "pd.DataFrame":
        """Type III F tests of the terms of the fixed part, whatever contrasts code their factors.

        The main effect of a factor is a difference of averages over the levels of the other factors, each level
        counted alike, however many rows it has; where the factor interacts with a covariate it is taken at
        covariate = 0, so centre covariates first. That of a covariate is its slope averaged over the levels of
        the factors it interacts with. Without an intercept, the term that stands in for it tests that all means
        are 0. See `bayesmixed.reml.hypotheses.terms` for the hypotheses.

        Parameters
        ----------
        df : {"satterthwaite", "kenward-roger"}

        Returns
        -------
        pandas.DataFrame
            ``num_df, den_df, F, p``, one row a term, without the intercept.

        Notes
        -----
        As ``anova`` of lmerTest with treatment contrasts and levels in order of sorting, but where a formula
        leaves out a main effect or the intercept: of ``f + f:h``, ``x + x:f`` and ``0 + h + f`` lmerTest tests f,
        x and h at the first level of the other factor, and we average over its levels, as in ``f * h``.

        F and the Kenward-Roger df depend on nothing but the hypothesis. Satterthwaite's df with several numerator
        df depend a little on its basis, in lmerTest on the level that comes first; here that is the first in
        order of sorting, whatever the reference, so that only renaming the levels can change them.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool")).reml()
        >>> fit.anova()[["num_df", "den_df", "F"]].round(3).loc["Type"].to_dict()
        {'num_df': 3.0, 'den_df': 24.0, 'F': 22.356}
        """
        from bayesmixed.reml.hypotheses.terms import anova

        return anova(self, df)

    def test_random_effects(
        self, *, bootstrap: int = 0, random_seed: Any = None, draws: int = 10_000, cores: int | None = None
    ) -> "pd.DataFrame":
        """Test each term of the random part by leaving it out, as lmerTest's ``ranova``.

        ``t`` left out of ``(t | g)`` leaves ``(1 | g)``; ``(1 | g)`` left out leaves no random effect of g. The
        p-value of a model's only variance component comes from the exact distribution of its (restricted)
        likelihood ratio (`bayesmixed.reml.comparison.exact_ratio`; the mixture instead where that needs the
        eigenvalues of a matrix beyond 2,000 x 2,000); any other from the 50:50 mixture of chi-squares
        (`bayesmixed.reml.comparison.mixture`), which needs many groups.

        Parameters
        ----------
        bootstrap : int
            Number of tables to draw under each smaller model instead; 0 for none.
        random_seed : int, SeedSequence, Generator, optional
        draws : int
            From the exact distribution, where it has to be simulated.
        cores : int, optional
            Threads for the bootstrap.

        Returns
        -------
        pandas.DataFrame
            One row a term: ``parameters`` and ``log_likelihood`` of the smaller model, ``statistic``, ``df``,
            ``p``, its Monte Carlo standard error ``p_error`` (0 if nothing was simulated), and the ``method``.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
        >>> fit.test_random_effects()["p"].round(6).to_dict()  # the F test of the analysis of variance
        {'(1 | Batch)': 0.004398}
        """
        from bayesmixed.reml.comparison.zero_variance import random_effects_tests

        return random_effects_tests(self, bootstrap, random_seed, draws, cores)

    def compare(
        self, other: Estimates, *, bootstrap: int = 0, random_seed: Any = None, cores: int | None = None
    ) -> "LikelihoodRatioTest":
        """Likelihood-ratio test against a nested model; see `bayesmixed.likelihood_ratio_test`."""
        from bayesmixed.reml.comparison.ratio import likelihood_ratio_test

        return likelihood_ratio_test(self, other, bootstrap=bootstrap, random_seed=random_seed, cores=cores)

    def confint(
        self, method: str = "wald", ci_prob: float = 0.95, df: str = "satterthwaite", **options: Any
    ) -> "pd.DataFrame":
        """Confidence intervals of coefficients, sd, correlations, sigma and ICC; one row a quantity.

        ==================  ============================================================================
        ``"wald"``          estimate -+ a quantile of t (with `df`) times se for coefficients; of the normal
                            for log sd, log sigma, Fisher's z of a correlation and the logit of an ICC. nan
                            for all but coefficients and sigma where the fit is singular
        ``"profile"``       where the ML deviance is the chi-square quantile above its minimum, for a REML fit
                            too, as lme4's ``confint``
        ``"profile-reml"``  the same of the REML criterion, for an ML fit too: better with few groups. It has
                            no coefficients; their intervals are Wald's by t with `df`
        ``"bootstrap"``     percentiles of refits of simulated tables, see `bootstrap`
        ==================  ============================================================================

        A profile's limit of an sd or ICC is 0, of a correlation -1 or 1, where the criterion there does not exceed
        the cut; an sd without an upper limit has infinity. The estimates are those of the fit, also where an
        interval rests on the other criterion.

        Parameters
        ----------
        method : {"wald", "profile", "profile-reml", "bootstrap"}
        ci_prob : float
        df : {"satterthwaite", "kenward-roger"}
            Of t intervals.
        **options
            Of `bootstrap`.

        Returns
        -------
        pandas.DataFrame
            ``estimate``, ``lower``, ``upper``.

        Warns
        -----
        BayesmixedWarning
            A limit was not found, and is nan.

        Notes
        -----
        Venzon and Moolgavkar (1988), doi:10.2307/2347496; Bates et al. (2015), doi:10.18637/jss.v067.i01,
        section 5.1.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
        >>> fit.confint("profile").rename_axis(None).round(2)
                       estimate    lower    upper
        Intercept       1527.50  1486.45  1568.55
        1|Batch_sigma     42.00    12.20    84.06
        sigma             49.51    38.23    67.66
        ICC(Batch)         0.42     0.04     0.76
        """
        from bayesmixed.reml.intervals.table import interval_table

        return interval_table(self, method, ci_prob, df, options)

    def profile(self, name: str, points: Any = 41, method: str = "profile") -> "pd.DataFrame":
        """The criterion with one quantity held at each of several values, and all others at their best.

        Parameters
        ----------
        name : str
            A label of `confint`.
        points : int or sequence of float
            Values of the quantity, or how many between its 99 % limits (the value with the smallest criterion is
            added).
        method : {"profile", "profile-reml"}
            The ML deviance, or the REML criterion, which has no coefficients.

        Returns
        -------
        pandas.DataFrame
            ``value``; ``increase``, the criterion minus its minimum; ``zeta``, the square root of that, negative
            below the estimate: a straight line where Wald's interval is right.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
        >>> fit.profile("1|Batch_sigma", [0, 20, 40, 80], method="profile-reml").round(3)
           value  increase   zeta
        0    0.0     6.369 -2.524
        1   20.0     2.657 -1.630
        2   40.0     0.014 -0.120
        3   80.0     2.221  1.490
        """
        from bayesmixed.reml.intervals.table import profile_table

        return profile_table(self, name, points, method)

    def bootstrap(
        self,
        replicates: int = 1000,
        random_seed: Any = None,
        cores: int | None = None,
        progressbar: bool = False,
    ) -> "Bootstrap":
        """Parametric bootstrap: refit tables drawn from the estimates, as lme4's ``bootMer``.

        Tables are drawn at the level of their moments, so that no row is touched; each is searched for its lowest
        minimum, at the boundary too, as the fit itself was.

        Parameters
        ----------
        replicates : int
        random_seed : int, SeedSequence, Generator, optional
        cores : int, optional
            Threads, by default one where a refit takes a millisecond, else as many as cores. The draws do
            not depend on it.
        progressbar : bool
            On standard error.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml()
        >>> boot = fit.bootstrap(200, random_seed=1)
        >>> list(boot.draws)
        ['Intercept', '1|Batch_sigma', 'sigma', 'ICC(Batch)']
        >>> intervals = boot.confint(0.9)  # percentiles
        """
        from bayesmixed.reml.resampling.bootstrap import bootstrap

        return bootstrap(self, replicates, random_seed, cores, progressbar)

    def refit(self, responses: Array, cores: int | None = None) -> "pd.DataFrame":
        """The same criterion's estimates for many responses; X, Z, groups, weights and offset stay.

        Parameters
        ----------
        responses : ndarray, shape (n, N)
            One row a response, in the order of ``design.y``.
        cores : int, optional
            Threads, by default as for `bootstrap`.

        Returns
        -------
        pandas.DataFrame
            One row a response, with the columns of the draws of `bootstrap`; nan where the search did not
            converge, and for a correlation with an effect of sd 0.
        """
        from bayesmixed.reml.resampling.responses import refit_reml

        return refit_reml(self, responses, cores)
