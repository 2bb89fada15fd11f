"""A fit row by row, and group by group: predictions, residuals, leverage, influence."""

from typing import TYPE_CHECKING, Any

from bayesmixed.arrays import Array
from bayesmixed.reml.estimates import Estimates

if TYPE_CHECKING:
    import pandas as pd


class Rows(Estimates):
    """Predictions and diagnostics."""

    def predict(
        self,
        rows: Any = None,
        groups: str = "observed",
        kind: str = "mean",
        ci_prob: float | None = 0.95,
    ) -> "pd.DataFrame":
        """Estimated mean or response of rows; see `bayesmixed.reml.diagnostics.prediction.predict_reml`."""
        from bayesmixed.reml.diagnostics.prediction import predict_reml

        return predict_reml(self, rows, groups, kind, ci_prob)

    def residuals(self, kind: str = "conditional") -> Array:
        """Residuals of every row, shape (N,).

        =================  ==============================================================================
        ``"conditional"``  ``y - X beta - Z b - offset``, y minus `fitted`, in units of y
        ``"marginal"``     ``y - X beta - offset``, in units of y
        ``"pearson"``      conditional times ``sqrt(w) / sigma``
        ``"normalized"``   ``L^-1`` times marginal, ``V = L L'``: each row given the earlier ones of its group
        =================  ==============================================================================

        The normalized ones are independent with variance 1 where the model is right (but for the estimation of
        its parameters), as those of ``type="normalized"`` of nlme's ``gls``; they depend on the order of the
        rows in a group.

        Parameters
        ----------
        kind : {"conditional", "marginal", "pearson", "normalized"}
        """
        from bayesmixed.reml.diagnostics.residuals import residuals_of

        return residuals_of(self, kind)

    def leverage(self) -> Array:
        """Diagonal of the hat matrix ``d fitted / d y`` at the estimated covariance parameters, shape (N,).

        Between 0 and 1; the sum is the effective number of parameters, between p and p + J q. As lme4's
        ``hatvalues``.
        """
        from bayesmixed.reml.diagnostics.influence import leverage_of

        return leverage_of(self)

    def influence(self) -> "pd.DataFrame":
        """What leaving out each group does to beta, the covariance parameters held at their estimates.

        Returns
        -------
        pandas.DataFrame
            One row a group: ``n``, its rows; ``leverage``, its share ``tr(X_i'V_i^-1X_i vcov)`` of what the table
            tells of beta, p over all groups together; ``cooks_distance``,
            ``(beta - beta_-i)' vcov^-1 (beta - beta_-i) / p``; and for each coefficient ``beta[...]``, its
            estimate without the group, and ``dfbetas[...]``, ``(beta - beta_-i) / se``.

        Warns
        -----
        BayesmixedWarning
            Without a group the rows do not determine every coefficient: all but n and leverage are nan there.

        Notes
        -----
        Nothing is refitted: refits, as those of lme4's ``influence``, also move G and sigma.
        Christensen, Pearson and Johnson (1992), doi:10.2307/1269550.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
        >>> fit.influence()["cooks_distance"].nlargest(2).round(3)
        Subject
        309    0.149
        335    0.129
        Name: cooks_distance, dtype: float64
        """
        from bayesmixed.reml.diagnostics.influence import influence_table

        return influence_table(self)
