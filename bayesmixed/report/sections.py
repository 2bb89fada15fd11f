"""The sections of a report: what is said about a fit, in which order."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from bayesmixed.checks.replicated import ReplicatedStatistics
from bayesmixed.errors import RemlError
from bayesmixed.report import contents, plots
from bayesmixed.report.blocks import Block, Bullets, Folded, Mathematics, Paragraph, Picture, Quotation, Section
from bayesmixed.report.check_contents import posterior_predictive, readings
from bayesmixed.report.checklist import checklist, count_of_points
from bayesmixed.report.equation import equation, words_of_model
from bayesmixed.report.explain import explain
from bayesmixed.report.plots.check import draw_check
from bayesmixed.report.plots.rows import numeric_variable
from bayesmixed.report.prior_sections import implied, priors, sensitivity
from bayesmixed.report.table import number
from bayesmixed.summary import draws_in_words
from bayesmixed.units import with_unit

if TYPE_CHECKING:
    from bayesmixed.fit import Fit


UNCHAINED = (
    "The draws are independent of each other, so that there is no R-hat, no divergence and no E-BFMI. ESS is how "
    "many draws of equal weight they are worth: importance weights that vary take some away. k-hat says how heavy "
    "the tail of the weights is; above 0.7 they are not to be trusted."
)


def sections(fit: "Fit") -> list[Section]:
    """Every section of a fit's report."""
    makers = MAKERS
    if fit.model.design.streamed is not None:
        from bayesmixed.report.streamed import WITHOUT_ROWS

        makers = tuple(WITHOUT_ROWS.get(make.__name__, make) for make in MAKERS)
    return [section for make in makers if (section := make(fit)).blocks]


def glance(fit: "Fit") -> Section:
    design = fit.model.design
    verdict = "The draws can be trusted" if fit.verdict.ok else "The draws are doubtful"
    lines = [
        f"A linear mixed model of {_response(fit)}: {design.n_obs} rows in {design.n_groups} groups of "
        f"{design.factor_name}, estimated by Bayes ({_sampler(fit)}, "
        f"{draws_in_words(fit.shape, fit.verdict.chained)}), with the REML fit of the same model beside it.",
        f"{verdict}: {fit.verdict.sentence}.",
        _icc_sentence(fit),
    ]
    if fit.warnings:
        count = len(fit.warnings)
        lines.append(f"{count} warning{'s' if count > 1 else ''}: see the end of this page.")
    return Section("glance", "At a glance", (Bullets(tuple(lines)),))


def _sampler(fit: "Fit") -> str:
    names = {"importance": "importance sampling", "quadrature": "quadrature"}
    return names.get(fit.idata.attrs.get("engine", ""), "NUTS")


def _response(fit: "Fit") -> str:
    unit = fit.model.units.of_y
    return f"{fit.model.design.response_name} ({unit})" if unit else fit.model.design.response_name


def _icc_sentence(fit: "Fit") -> str:
    last = fit.icc().iloc[-1]
    where = "" if len(fit.icc()) == 1 else ", averaged over the rows"
    median, low, high = (number(last[key], 3) for key in ("median", "eti95_lb", "eti95_ub"))
    return (
        f"Intraclass correlation (ICC) of {fit.model.design.factor_name}{where}: "
        f"posterior median {median}, 95 % between {low} and {high}."
    )


def model(fit: "Fit") -> Section:
    whole = model_without_matrices(fit)
    matrices = Folded("The matrices X, Z, G and V of this model", explain(fit.model))
    return replace(whole, blocks=(*whole.blocks, matrices))


def model_without_matrices(fit: "Fit") -> Section:
    design = fit.model.design
    factor = escape(design.factor_name)
    scale = "" if design.weights_name is None else f" / {escape(design.weights_name)}"
    known = " + offset" if design.specification.offsets else ""
    i = "<sub><i>i</i></sub>"
    lines = (
        *equation(fit.model),
        f"<b>y</b>{i} = <b>X</b>{i} <b>β</b> + <b>Z</b>{i} <b>b</b>{i}{known} + <b>e</b>{i}, "
        f"&emsp; {factor} <i>i</i> = 1, …, {design.n_groups}",
        f"<b>b</b>{i} ~ N(0, <b>G</b>), &emsp; <b>e</b>{i} ~ N(0, σ<sup>2</sup> <b>I</b>{scale}), "
        "&emsp; b and e independent",
        f"Var(<b>y</b>{i}) = <b>V</b>{i} = <b>Z</b>{i} <b>G</b> <b>Z</b>{i}′ + σ<sup>2</sup> <b>I</b>{scale}",
    )
    return Section("model", "Model", (Paragraph(words_of_model(fit.model)), Mathematics(lines)))


def data_words(fit: "Fit") -> str:
    design = fit.model.design
    dropped = f"{design.dropped}. " if design.dropped else ""
    return (
        f"{dropped}{design.n_obs} rows are used, in {design.n_groups} groups of {design.factor_name} "
        f"of {contents.span(design.group_sizes)} rows."
    )


def data(fit: "Fit") -> Section:
    design = fit.model.design
    variable = numeric_variable(design)
    if variable is None:
        caption = "The rows of each group, the mean of its rows, and the mean that the model fits."
    else:
        caption = (
            f"The rows, with the line of the population over {variable} (95 % band) and the lines of the groups "
            "at the posterior means; other predictors are held at their median or commonest level."
        )
    alternative = (
        f"{design.response_name} of {design.n_obs} rows in {design.n_groups} groups of {design.factor_name}"
    )
    picture = Picture("data", caption, alternative, partial(plots.plot_data, fit))
    return Section("data", "Data", (Paragraph(data_words(fit)), contents.data_columns(fit.model), picture))


def diagnostics(fit: "Fit") -> Section:
    verdict = fit.verdict
    blocks: list[Block] = [Paragraph(f"Verdict: {verdict.word}: {verdict.sentence}.", verdict.word)]
    if verdict.reasons:
        blocks.append(Bullets(verdict.reasons))
    if not verdict.chained:
        return Section(
            "diagnostics", "Diagnostics", (*blocks, contents.diagnostics(fit), Paragraph(UNCHAINED, "note"))
        )
    words = (
        "R-hat compares the chains with each other: 1 says that they agree. ESS is how many independent draws the "
        "chains are worth, for the middle (bulk) and for the tails. Divergences are steps in which the sampler "
        f"lost its way. The smallest E-BFMI is {number(verdict.min_bfmi, 3)}; above 0.3 the energy moves freely."
    )
    return Section("diagnostics", "Diagnostics", (*blocks, contents.diagnostics(fit), Paragraph(words, "note")))


def fixed_effects(fit: "Fit") -> Section:
    table = contents.fixed_effects(fit)
    if not table:
        return Section("fixed", "Fixed effects", ())
    alternative = "; ".join(
        f"{row[0]}: median {with_unit(number(row[4]), row[1])}, 95 % {number(row[5])} to {number(row[6])}"
        for row in table.rows[:8]
    )
    picture = Picture(
        "posterior",
        "Posterior densities (dots: medians, bars: 95 % intervals) with their priors (dashed).",
        f"Posterior and prior densities. {alternative}",
        partial(plots.plot_posterior, fit),
    )
    return Section("fixed", "Fixed effects", (table, picture))


def variance_components(fit: "Fit") -> Section:
    table = contents.variance_components(fit)
    alternative = "; ".join(
        f"{row[0]} {row[1]} {row[2]}: median {number(row[6])}" for row in table.rows if row[2] == "sd"
    )
    picture = Picture(
        "components",
        "Posterior densities of the variance components (dots: medians, bars: 95 % intervals).",
        f"Posterior densities. {alternative}",
        partial(plots.plot_variance_components, fit),
    )
    return Section("variance", "Variance components", (table, picture))


def icc(fit: "Fit") -> Section:
    table = contents.icc(fit)
    varies = bool(fit.model.design.encoding.needed(["random"]))
    words = (
        "The share of variance that lies between groups. With a random slope it depends on the slope variable: "
        "ICC(t) = z'Gz / (z'Gz + sigma^2), z the row of Z at t."
        if varies
        else "The share of variance that lies between groups: the correlation of two rows of the same group."
    )
    alternative = "; ".join(
        f"{row[0]}: median {number(row[3], 3)}, 95 % {number(row[4], 3)} to {number(row[5], 3)}"
        for row in table.rows[:8]
    )
    caption = "ICC: posterior median with its 95 % interval."
    picture = Picture("icc", caption, f"Intraclass correlation. {alternative}", partial(plots.plot_icc, fit))
    return Section("icc", "Intraclass correlation", (Paragraph(words), table, picture))


def reml(fit: "Fit") -> Section:
    summing_up = Paragraph(fit.explain_reml())
    blocks: list[Block] = [contents.reml_comparison(fit), contents.reason_codes(fit), summing_up]
    try:
        found = fit.model.reml()
    except RemlError:
        return Section("reml", "REML beside the posterior", tuple(blocks))
    singular = " The fit is singular: an estimate lies at the boundary." if found.singular else ""
    words = f"REML criterion (-2 log restricted likelihood): {found.criterion:.4f}.{singular}"
    picture = Picture(
        "reml",
        "Posterior (dots: medians, bars: 95 % intervals) beside REML (squares, 95 % Wald intervals, by t with "
        "Satterthwaite's df for coefficients; none at the boundary), with the reasons why they differ.",
        "Intervals of the posterior beside those of REML, quantity by quantity; the table has the numbers",
        partial(plots.plot_compare_reml, fit),
    )
    return Section("reml", "REML beside the posterior", (Paragraph(words), *blocks, picture))


def random_effects(fit: "Fit") -> Section:
    picture = Picture(
        "effects",
        "Random effects, sorted: posterior medians and 95 % intervals; diamonds are the estimates from each "
        "group's rows alone. The way from diamond to dot is shrinkage.",
        f"Random effects of the groups of {fit.model.design.factor_name}, sorted, with estimates without pooling",
        partial(plots.plot_random_effects, fit),
    )
    return Section("effects", "Random effects and shrinkage", (picture, contents.random_effects(fit)))


def check(fit: "Fit") -> Section:
    words = (
        "Tables like the data are drawn from the model, with new groups in the place of those observed, and "
        "summed up as the data are. Replicates of the observed groups would agree with the data between groups "
        "whatever the model, for their effects were fitted to these rows; fit.check(groups='observed') has them."
    )
    found = fit._predictive_check
    assert found is not None  # streamed tables have a section of their own
    table = posterior_predictive(found, fit.model.units)
    blocks = (Paragraph(words), table, Bullets(readings(found)), _check_picture(fit, found))
    return Section("check", "Posterior predictive check", blocks)


def _check_picture(fit: "Fit", found: ReplicatedStatistics) -> Picture:
    values = "; ".join(
        f"{name}: observed {number(value)}, p {found.p(name):.3f}" for name, value in found.observed.items()
    )
    return Picture(
        "check",
        f"Replicates of {found.groups} groups (densities; dots: medians, bars: 95 % intervals) against the data "
        "(lines), with two-sided p-values.",
        f"Replicates of {found.groups} groups against the data. {values}",
        partial(draw_check, found, fit.model.units),
    )


def methods(fit: "Fit") -> Section:
    words = (
        "A paragraph to start from, with the numbers of this fit, and the points of two guidelines, BARG "
        "(Kruschke 2021, doi:10.1038/s41562-021-01177-7) and WAMBS (Depaoli and van de Schoot 2017, "
        "doi:10.1037/met0000065)."
    )
    table = checklist(fit)
    blocks = (Paragraph(words), Quotation(fit.explain_methods()), Paragraph(count_of_points(table)), table)
    return Section("methods", "For a methods section", blocks)


def warnings(fit: "Fit") -> Section:
    notes = Bullets(fit.warnings) if fit.warnings else Paragraph("None.")
    return Section("warnings", "Warnings", (notes,))


def session(fit: "Fit") -> Section:
    return Section("session", "Session", (contents.session(fit),))


MAKERS: tuple[Callable[["Fit"], Section], ...] = (
    glance,
    model,
    data,
    priors,
    implied,
    diagnostics,
    fixed_effects,
    variance_components,
    icc,
    reml,
    random_effects,
    check,
    sensitivity,
    methods,
    warnings,
    session,
)
