"""A (restricted) maximum likelihood fit: estimates in the user's coding and what follows from them."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.coding import CodedMoments
from bayesmixed.elsewhere.methods import RemlElsewhere
from bayesmixed.errors import RemlError
from bayesmixed.marginal_effects.reml_methods import EffectsOfReml
from bayesmixed.reml.between import saturation_note
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.inference import Inference
from bayesmixed.reml.optimize import minimise
from bayesmixed.reml.pictures import PicturesOfReml
from bayesmixed.reml.rows import Rows
from bayesmixed.reml.tables import Tables
from bayesmixed.units import Units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import pandas as pd

    from bayesmixed.design import Design
    from bayesmixed.icc.symmetry import CompoundSymmetry

SINGULAR_TEXT = (
    "the fit is singular: {what}. This is a valid estimate, not a failure to converge: the groups differ no "
    "more than their rows' noise explains. Its standard errors and Wald intervals mean little there: report "
    "profile intervals, or the posterior, which averages over the sd instead of setting it to one value. That "
    "alone is no reason to drop the term"
)


def fit_reml(design: "Design", coded: CodedMoments, method: str = "REML", units: Units | None = None) -> "RemlFit":
    """Maximise the (restricted) likelihood of a design.

    Parameters
    ----------
    design : Design
    coded : CodedMoments
    method : {"REML", "ML"}
    units : Units, optional
        For labels of pictures.

    Raises
    ------
    RemlError
        When there are as many random effects as rows, so that sigma has nothing left to be estimated from.
    """
    check_choice("method", method, ("REML", "ML"), RemlError)
    if design.n_groups * design.q >= design.n_obs:
        raise RemlError(
            f"{design.n_groups} groups with {design.q} random effects each are as many as the {design.n_obs} rows "
            "or more, so that REML cannot tell G from sigma; drop a random effect, or use the posterior"
        )
    blocks = tuple(tuple(int(k) for k in block.columns) for block in design.blocks)
    criterion = Criterion.of(coded, blocks, method == "REML")
    optimum = minimise(criterion)
    if not np.isfinite(optimum.value):
        raise RemlError(f"the {method} criterion is not finite anywhere: check the response and the columns of X")
    return RemlFit(design, coded, criterion, optimum, units or Units({}, design.response_name))


class RemlFit(Tables, Inference, Rows, EffectsOfReml, RemlElsewhere, PicturesOfReml):
    """A model fitted by REML or ML.

    Standard errors are those of ``(X'V^-1X)^-1`` at the estimates; degrees of freedom are Satterthwaite's, or
    with their adjusted standard errors those of Kenward and Roger. The numbers are attributes,
    see `bayesmixed.reml.estimates.Estimates`.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> round(model.reml().criterion, 4)
    1743.6283
    """

    def __repr__(self) -> str:
        return f"RemlFit({self.design.specification.formula!r}, {self.method} criterion {self.criterion:.4f})"

    def _repr_html_(self) -> str:
        from bayesmixed.report.notebook import reml_html

        return reml_html(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know, in words."""
        notes = list(self.design.warnings)
        if self.singular:
            sd, corr = self.covariance.sd, self.covariance.corr
            zero = [label for label, value in zip(self.design.random_labels, sd, strict=True) if value == 0.0]
            off = np.abs(corr[np.triu_indices(len(sd), 1)])
            what = f"the sd of {', '.join(zero)} is zero" if zero else "G has less than full rank"
            if not zero and off.size and off.max() > 0.999:
                what = "a correlation is at -1 or 1"
            notes.append(SINGULAR_TEXT.format(what=what))
        from bayesmixed.icc.signed import negative_icc_hint  # which looks here itself

        notes += negative_icc_hint(self.design, self.coded)
        if self.objective.restricted:
            notes += saturation_note(self.design, self.coded.moments)
        if not self.converged:
            size = np.abs(self.optimum.gradient).max()
            where = f"the gradient is {size:.2g}, not 0" if size > 1e-3 else "the criterion still falls to a side"
            notes.append(f"the optimiser stopped where {where}; distrust the estimates")
        return tuple(notes)

    def compound_symmetry(self) -> "CompoundSymmetry":
        """One correlation of all pairs of rows of a group, which may be negative; by the method of this fit.

        ``V_i = sigma^2 (I + D 11')`` with D down to ``-1 / n``, n the largest group: nlme's ``gls`` with
        ``corCompSymm``. Where the sd of the groups is not zero it is this fit in other words.

        Raises
        ------
        RemlError
            The model has more than a random intercept, or weights.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff2")).reml()
        >>> found = fit.compound_symmetry()
        >>> round(found.icc, 4), [round(limit, 3) for limit in found.interval()]
        (-0.097, [-0.2, 0.271])
        """
        from bayesmixed.icc.symmetry import fit_symmetry

        return fit_symmetry(self)

    def correlation(self, at: "Mapping[str, Any] | Sequence[Any] | None" = None) -> "pd.DataFrame":
        """Correlation of two rows of one group by where they are, at the estimates; see `Fit.correlation`."""
        from bayesmixed.icc.correlation import correlation_table, correlation_values, places

        found = places(self.design, at)
        return correlation_table(found, correlation_values(self.covariance, found.rows))
