"""A model in words, and row by row in the user's own names; names are escaped for HTML."""

from html import escape
from typing import TYPE_CHECKING

from bayesmixed.units import with_unit

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.model import MixedModel

#: Sums of more terms than this are left to the matrices.
MOST_TERMS = 6
#: Of the j-th row of group i.
_ROW = "<sub><i>ij</i></sub>"


def words_of_model(model: "MixedModel") -> str:
    """What is assumed, without symbols."""
    design = model.design
    factor, fixed = design.factor_name, ", ".join(design.fixed_labels) or "none"
    response = with_unit(design.response_name, f"({model.units.of_y})" if model.units.of_y else "")
    known = " a known offset," if design.specification.offsets else ""
    variance = "one variance"
    if design.weights_name is not None:
        variance = f"a variance that is divided by the row's weight ({design.weights_name})"
    return (
        f"{response} is a sum of fixed effects, which are the same for every {factor} ({fixed}),{known} random "
        f"effects, by which each of the {design.n_groups} groups of {factor} departs from them "
        f"({', '.join(design.random_labels)}{_correlated(design)}), and a residual of each row. Random effects "
        f"are normal about zero; their spread is estimated, so that groups with few rows borrow from the others. "
        f"Residuals are normal with {variance}, independent of each other and of the random effects."
    )


def _correlated(design: "Design") -> str:
    if design.q == 1:
        return ""
    blocks = [block.labels for block in design.blocks if block.size > 1]
    return f"; correlated: {'; '.join(', '.join(labels) for labels in blocks)}" if blocks else ", uncorrelated"


def equation(model: "MixedModel") -> tuple[str, ...]:
    """The model of one row as a line of HTML; none where there are many terms."""
    design = model.design
    if len(design.fixed_labels) + len(design.random_labels) > MOST_TERMS:
        return ()
    terms = [_term("β", k, "", label) for k, label in enumerate(design.fixed_labels)]
    terms += [_term("b", k, "<i>i</i>", label) for k, label in enumerate(design.random_labels)]
    if design.specification.offsets:
        terms.append("offset" + _ROW)
    return (f"{_name(design.response_name)}{_ROW} = {' + '.join(terms)} + e{_ROW}",)


def _term(symbol: str, place: int, group: str, label: str) -> str:
    coefficient = f"{symbol}<sub>{place}{group}</sub>"
    return coefficient if label in ("Intercept", "1") else f"{coefficient} {_name(label)}{_ROW}"


def _name(text: str) -> str:
    return f'<span class="name">{escape(text)}</span>'
