"""A paragraph for a methods section: what was done and how it went, with the numbers of the fit."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bayesmixed.checks.words import SMALL
from bayesmixed.errors import RemlError
from bayesmixed.printable import printable_line
from bayesmixed.reconcile.reasons import AGREES
from bayesmixed.reconcile.reasons import SMALL as MUCH
from bayesmixed.report import contents
from bayesmixed.report.prior_sections import sensitivity_sentence
from bayesmixed.report.table import number
from bayesmixed.summary import draws_in_words
from bayesmixed.units import with_unit

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

#: More than these many priors, or coefficients, are not listed in a sentence.
MOST_LISTED = 12


def methods_text(fit: "Fit") -> str:
    """Model, data, priors, sampler, convergence, results, check, sensitivity, REML, software.

    Parameters
    ----------
    fit : Fit
    """
    parts: Sequence[Callable[[Fit], str]] = (
        _model,
        _data,
        _priors,
        _computation,
        _convergence,
        _results,
        _check,
        sensitivity_sentence,
        _reml,
        _software,
    )
    return printable_line(" ".join(text for part in parts if (text := part(fit))))


def listed(things: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(things[:-1]), *things[-1:])))


def _model(fit: "Fit") -> str:
    design, unit = fit.model.design, fit.model.units.of_y
    response = f"{design.response_name} (in {unit})" if unit else design.response_name
    fixed = listed(design.fixed_labels) or "none"
    blocks = [listed(block.labels) for block in design.blocks if block.size > 1]
    correlated = f"; correlations were estimated between {'; '.join(blocks)}" if blocks else ""
    scale = "" if design.weights_name is None else f" divided by the weight of the row ({design.weights_name})"
    offset = ", with an offset" if design.specification.offsets else ""
    return (
        f"A linear mixed model of {response} was fitted by Bayesian inference to {design.n_obs} rows in "
        f"{design.n_groups} groups of {design.factor_name} (formula: {design.specification.formula}). Fixed "
        f"effects: {fixed}{offset}. Random effects of {design.factor_name}: {listed(design.random_labels)}, "
        f"normal about zero{correlated}. Residuals were taken to be independent and normal with one variance"
        f"{scale}."
    )


def _data(fit: "Fit") -> str:
    design = fit.model.design
    dropped = f" {design.dropped}." if design.dropped else " No row was dropped."
    return f"Groups have {contents.span(design.group_sizes)} rows.{dropped}"


def _priors(fit: "Fit") -> str:
    resolved = fit.model.priors.resolved
    rows = [f"{parameter} ~ {prior}" for parameter, prior, _ in fit.model.priors.rows()]
    more = f"; and {len(rows) - MOST_LISTED} more" if len(rows) > MOST_LISTED else ""
    given = f"; set by the authors: {listed(list(resolved.given))}" if resolved.given else ""
    return (
        f"Priors (preset '{resolved.preset}', which takes the scales that are not given from the spread of the "
        f"data{given}): {'; '.join(rows[:MOST_LISTED])}{more}."
    )


def _computation(fit: "Fit") -> str:
    attrs = fit.idata.attrs
    engine = attrs.get("engine", "unknown")
    size = draws_in_words(fit.shape, fit.verdict.chained)
    if engine == "external":
        library = attrs.get("inference_library")
        maker = f"outside of bayesmixed, by {library or 'software that the draws do not name'}"
        if library == "bayesmixed":
            maker = "by another run of bayesmixed"
        how = (
            f"The posterior of standard deviations and correlations was sampled {maker} "
            f"({size}{_tuning(attrs)}); coefficients and random effects were then drawn from their exact "
            "distribution given these"
        )
    elif engine in ("importance", "quadrature"):
        kind = "importance sampling" if engine == "importance" else "quadrature"
        how = (
            "Coefficients and random effects were integrated out, the posterior of standard deviations and "
            f"correlations was computed by {kind}, {size} were taken of it, and coefficients "
            "and random effects drawn from their exact distribution given these"
        )
    else:
        how = (
            f"The posterior was sampled by NUTS (nutpie; {size}{_tuning(attrs)}), with coefficients and random "
            "effects integrated out and then drawn from their exact distribution given the sampled standard "
            "deviations and correlations"
        )
    return f"{how}{_seed(attrs)}."


def _tuning(attrs: dict[Any, Any]) -> str:
    tune, target = attrs.get("tuning_steps"), attrs.get("target_accept")
    first = "" if tune is None else f" after {int(tune)} of tuning"
    return first + ("" if target is None else f", target acceptance {float(target):g}")


def _seed(attrs: dict[Any, Any]) -> str:
    seed = json.loads(attrs.get("random_seed", "{}")).get("entropy")
    return "" if seed is None else f" (random seed {seed})"


def _convergence(fit: "Fit") -> str:
    verdict = fit.verdict
    start = f"Diagnostics: {verdict.sentence}"
    if verdict.ok:
        return f"{start}; none of the usual limits was crossed."
    return f"{start}. The draws are doubtful: {'; '.join(verdict.reasons)}."


def _results(fit: "Fit") -> str:
    rows = contents.fixed_effects(fit).rows[:MOST_LISTED]
    found = [f"{term} {_estimate(unit, row)}" for term, unit, _, _, *row in rows]
    components = contents.variance_components(fit).rows
    sd = [
        f"sd of {' '.join(filter(None, (group, term)))} {_estimate(unit, row)}"
        for group, term, quantity, unit, _, _, *row in components
        if quantity == "sd"
    ]
    at, *_, median, low, high = contents.icc(fit).rows[-1]
    icc = f"intraclass correlation (ICC; {at}) {_estimate('', (median, low, high), 3)}"
    return f"Posterior medians with 95 % equal-tailed intervals: {'; '.join([*found, *sd[:MOST_LISTED], icc])}."


def _estimate(unit: str, row: Sequence[float], digits: int = 4) -> str:
    median, low, high = (number(value, digits) for value in row)
    return f"{with_unit(median, unit)} [{low}, {high}]"


def _check(fit: "Fit") -> str:
    found = fit._predictive_check
    if found is None:
        return "No posterior predictive check was made, for the table was read in parts."
    small = [f"{name} (p = {found.p(name):.3f})" for name in found.observed if found.p(name) < SMALL]
    outcome = f"had two-sided p below {SMALL}: {listed(small)}" if small else f"had a two-sided p below {SMALL}"
    return (
        f"In a posterior predictive check with {found.n_replicates} replicated tables of {found.groups} groups, "
        f"{len(small) or 'none'} of {len(found.observed)} statistics {outcome}."
    )


def _reml(fit: "Fit") -> str:
    try:
        reml = fit.model.reml()
    except RemlError as error:
        return f"The same model has no REML estimates: {error}."
    table = fit.compare_reml(effects=False)
    agree = sum(AGREES in codes.split(", ") for codes in table["reasons"])
    boundary = " The REML fit is singular." if reml.singular else ""
    return (
        f"Beside REML estimates of the same model, on {agree} of {len(table)} quantities neither skewness nor the "
        f"priors move the posterior median by more than {MUCH} posterior standard deviations.{boundary}"
    )


def _software(fit: "Fit") -> str:
    versions = json.loads(fit.idata.attrs.get("versions", "{}"))
    if not versions:
        return ""
    return f"Software: {listed([f'{name} {version}' for name, version in versions.items()])}."
