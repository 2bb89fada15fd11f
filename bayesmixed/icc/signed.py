"""Tables of ICCs that may be negative, and the hint that there is one to look at."""

from typing import TYPE_CHECKING, Any

from bayesmixed.arguments import check_choice
from bayesmixed.errors import PredictionError, RemlError
from bayesmixed.icc.anova import AnovaIcc
from bayesmixed.icc.checks import SIGNED, is_random_intercept
from bayesmixed.icc.symmetry import fit_symmetry
from bayesmixed.icc.values import icc_points, icc_table

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.coding import CodedMoments
    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.reml.estimates import Estimates

#: Arguments of `Fit.compound_symmetry`.
OF_SYMMETRY = ("draws", "shape", "random_seed")
HINT = (
    "rows of one group of {factor!r} are less alike than rows of different groups (mean squares {between:.4g} "
    "between, {within:.4g} within), which no sd of groups can describe: icc(method='cs') and icc(method='anova') "
    "let the ICC be negative"
)


def reml_signed(fit: "Estimates", at: Any, method: str, ci_prob: float, options: dict[str, Any]) -> "pd.DataFrame":
    """``RemlFit.icc`` by ``"anova"`` or ``"cs"``: estimate and interval."""
    _refuse(at, options)
    found: Any = AnovaIcc.of(fit.design, fit.coded) if method == "anova" else fit_symmetry(fit)
    return _table(fit.design, found.icc, *found.interval(ci_prob))


def posterior_signed(
    fit: "Fit", at: Any, method: str, ci_prob: float, ci_kind: str, options: dict[str, Any]
) -> "pd.DataFrame":
    """``Fit.icc`` by ``"anova"``, which is no posterior, or by ``"cs"``."""
    from bayesmixed.summary import describe_each

    model = fit.model
    check_choice("method", method, (None, *SIGNED), PredictionError)
    if method == "anova":
        _refuse(at, options)
        found = AnovaIcc.of(model.design, model.coded)
        return _table(model.design, found.icc, *found.interval(ci_prob))
    refuse_options({name: value for name, value in options.items() if name not in OF_SYMMETRY})
    _refuse(at, {})
    draws = fit.compound_symmetry(**options).icc[:, None]
    return icc_table(model.names.factor, icc_points(model.design), describe_each(draws, ci_prob, ci_kind))


def negative_icc_hint(design: "Design", coded: "CodedMoments") -> list[str]:
    """One text where MSB < MSW, none elsewhere."""
    if not is_random_intercept(design):
        return []
    try:
        found = AnovaIcc.of(design, coded)
    except RemlError:  # nothing to compare: no degrees of freedom, or groups of one row
        return []
    if found.between >= found.within:
        return []
    return [HINT.format(factor=design.factor_name, between=found.between, within=found.within)]


def _table(design: "Design", estimate: float, lower: float, upper: float) -> "pd.DataFrame":
    columns = {"estimate": [estimate], "lower": [lower], "upper": [upper]}
    return icc_table(design.factor_name, icc_points(design), columns)


def _refuse(at: Any, options: dict[str, Any]) -> None:
    if at is not None:
        raise PredictionError("the ICC of a random intercept is one number: omit at")
    refuse_options(options)


def refuse_options(options: dict[str, Any]) -> None:
    """Refuse arguments that are of no use with this method, such as misspelt ones."""
    if options:
        raise RemlError(f"this method takes no {', '.join(map(repr, options))}")
