"""Sections about priors: what they are, what they imply together, and how far results rest on them."""

from typing import TYPE_CHECKING

from bayesmixed.report import contents
from bayesmixed.report.blocks import Paragraph, Section
from bayesmixed.report.contents import values_of
from bayesmixed.report.table import Column, Table

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

DOI_OF_POWER_SCALING = "10.1007/s11222-023-10366-5"


def priors(fit: "Fit") -> Section:
    words = (
        "What was believed before the data, in the units of the data. A prior 'at' values of the predictors is "
        "stated there instead of at zero, where the data may not reach."
    )
    return Section("priors", "Priors", (Paragraph(words), contents.priors(fit.model)))


def implied(fit: "Fit") -> Section:
    words = (
        "A prior of a standard deviation says little by itself. These are draws from all priors together, before "
        "any row was seen: quantiles of numbers that one can judge."
    )
    frame, title = fit._implied_by_priors, "What the priors imply"
    if isinstance(frame, str):
        return Section("implied", title, (Paragraph(f"Nothing can be drawn from them: {frame}.", "note"),))
    columns = (Column("quantity", "text"), *(Column(str(name)) for name in frame.columns))
    rows = tuple((label, *row) for label, row in values_of(frame, [str(name) for name in frame.columns]))
    return Section("implied", title, (Paragraph(words), Table("Quantiles under the priors", columns, rows)))


def sensitivity(fit: "Fit") -> Section:
    """What a little more or less of the priors, or of the likelihood, does to the posterior."""
    found, title = fit._power_scaling, "Sensitivity to the priors"
    if isinstance(found, str):
        return Section("sensitivity", title, (Paragraph(f"It could not be computed: {found}.", "note"),))
    keys = ("prior", "likelihood", "reading")
    columns = (
        Column("quantity", "text"),
        Column("to the prior", "share"),
        Column("to the likelihood", "share"),
        Column("reading", "text"),
    )
    rows = tuple((label, *row) for label, row in values_of(found, keys))
    k_hat = max(float(found["k_hat_prior"].iloc[0]), float(found["k_hat_likelihood"].iloc[0]))
    note = (
        "Power-scaling: how far the posterior moves for each doubling of the power of all priors, or of the "
        f"likelihood; from 0.05 on a quantity counts as sensitive (doi:{DOI_OF_POWER_SCALING}). k-hat of the "
        f"weights is at most {k_hat:.2f}; above 0.7 the draws are too few to tell. bm.multiverse fits the model "
        "again under other priors and other rows."
    )
    return Section("sensitivity", title, (Paragraph(sensitivity_sentence(fit)), Table(title, columns, rows, note)))


def sensitivity_sentence(fit: "Fit") -> str:
    """The outcome of power-scaling in one sentence."""
    found = fit._power_scaling
    if isinstance(found, str):
        return f"Sensitivity to the priors could not be computed: {found}."
    if (found["reading"] == "the draws are too few to tell").all():
        return "The draws are too few to tell by power-scaling how sensitive the results are to the priors."
    sensitive = [str(label) for label in found.index[found["reading"] != ""]]
    if not sensitive:
        return "By power-scaling, no result is sensitive to the priors (all below 0.05)."
    return (
        f"By power-scaling, the priors matter (0.05 or more) for {len(sensitive)} of {len(found)} quantities: "
        f"{', '.join(sensitive)}."
    )
