"""Models whose rows came by in parts: from a source, from moments, from a fit and more rows."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bayesmixed.coding import CodedMoments
from bayesmixed.coding.coding import computing_codings
from bayesmixed.design import Design
from bayesmixed.errors import DesignError
from bayesmixed.moments import Moments
from bayesmixed.streaming.agreement import Agreement
from bayesmixed.streaming.design import StreamedDesign
from bayesmixed.streaming.facts import Facts, Header
from bayesmixed.streaming.passes import agree, sum_moments, summarise
from bayesmixed.streaming.sources import BATCH_ROWS
from bayesmixed.streaming.summary import Functions
from bayesmixed.table import Missing

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel


def streamed_design(
    formula: str,
    source: Any,
    weights: str | None = None,
    functions: Functions | None = None,
    batch_rows: int | None = None,
) -> StreamedDesign:
    """Both passes over a source."""
    size = BATCH_ROWS if batch_rows is None else batch_rows
    summary = summarise(formula, source, weights=weights, functions=functions, batch_rows=size)
    return StreamedDesign.of(sum_moments(agree(summary), source, batch_rows=size))


def design_of_moments(formula: str, moments: Moments | list[Moments]) -> StreamedDesign:
    """The design of moments, of several tables perhaps, after a check that they belong to the formula."""
    parts = [moments] if isinstance(moments, Moments) else list(moments)
    if not parts or not all(isinstance(part, Moments) for part in parts):
        raise DesignError("from_moments needs Moments, or a list of them")
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    if total.header is not None and total.header.agreement.specification.formula != formula:
        made = total.header.agreement.specification.formula
        raise DesignError(f"these moments were made with the formula {made!r}, not {formula!r}")
    return StreamedDesign.of(total)


def with_header(design: Design, coded: CodedMoments) -> Moments:
    """Moments of a model, in its own coding, with what they belong to."""
    fixed, blocks = computing_codings(design)
    agreement = Agreement(design.encoding, design.weights_name, fixed, blocks, coded.shift, _origins(design))
    return replace(coded.moments, header=Header(agreement, _facts(design, agreement)))


def _facts(design: Design, agreement: Agreement) -> Facts:
    if isinstance(design, StreamedDesign):
        return replace(design.facts, ZZ=design.settled.ZZ)
    Z, response = agreement.code_Z(design.Z_rows), design.y - design.offset
    none = Facts.none(agreement)
    return Facts(
        float(design.weights.sum()),
        Z.T @ Z,
        float(response.min()),
        float(response.max()),
        Missing(design.n_dropped, design.missing),
        none.slopes.of_rows(design.frame),
    )


def _origins(design: Design) -> dict[str, float]:
    if isinstance(design, StreamedDesign):
        return dict(design.origins)
    numbers = (column.name for column in design.encoding.columns if column.kind == "number")
    return {name: float(design.frame[name].mean()) for name in numbers}


def updated(model: "MixedModel", new_rows: Any) -> "MixedModel":
    """The model with more rows, in the encoding and with the numbers of the priors that it had.

    Raises
    ------
    PredictionError
        A predictor has a level that the model does not know.
    """
    from bayesmixed.model import MixedModel

    old = model.moments
    assert old.header is not None
    more = sum_moments(old.header.agreement, new_rows)
    functions = dict(model.design.encoding.functions)
    found = MixedModel._of_design(StreamedDesign.of(old + more), None, model.units.columns, functions)
    found._request, found._resolved = model._request, model.priors.resolved
    return found
