"""The whole formula: response, ``~``, right side, checks."""

from collections.abc import Iterable

from bayesmixed.errors import FormulaError
from bayesmixed.formula.checks import (
    check_grouping,
    check_names,
    check_random_effects,
    check_response,
    check_response_and_groups,
    check_tilde,
)
from bayesmixed.formula.cursor import Cursor
from bayesmixed.formula.expressions import Expressions
from bayesmixed.formula.right_side import RightSide
from bayesmixed.formula.terms import Factor
from bayesmixed.formula.vocabulary import check_own_functions
from bayesmixed.specification import Specification


def parse_formula(text: str, functions: Iterable[str] = ()) -> Specification:
    """Take an lme4-style formula apart.

    Parameters
    ----------
    text : str
        ``response ~ fixed + offset(x) + (effects | group)``, for example
        ``"Reaction ~ Days + (Days | Subject)"``. Names are columns, in backquotes if they hold
        anything but letters, digits, ``_`` and ``.``. An intercept is implied on the right side
        and in every bracket unless ``0 +`` or ``- 1`` removes it. Powers belong inside ``I()``,
        where ``^`` and ``**`` are the same.
    functions : iterable of str
        Names of the user's own transformations, beside ``C I log log2 log10 exp sqrt abs scale
        center poly bs``.

    Returns
    -------
    Specification

    Raises
    ------
    FormulaError
        One line with the place: nothing in the text is ever dropped.

    Examples
    --------
    >>> specification = parse_formula("Reaction ~ Days + (Days | Subject)")
    >>> specification.fixed, specification.factor_name
    ('1 + `Days`', 'Subject')
    """
    if not isinstance(text, str):
        raise FormulaError(f"a formula must be text, not {type(text).__name__}")
    own = tuple(functions)
    check_own_functions(own)
    try:
        return _parsed(text, own)
    except RecursionError:
        raise FormulaError(
            f"the formula {text[:40]!r}... is nested too deeply: make a part of it a column of the table"
        ) from None


def _parsed(text: str, own: tuple[str, ...]) -> Specification:
    cursor = Cursor(text)
    check_tilde(cursor)
    expressions = Expressions(cursor, own)
    right_side = RightSide(expressions)
    names, brackets = expressions.names, right_side.brackets
    response = _response(expressions)
    response_columns = tuple(names.columns)
    fixed = right_side.read()
    check_grouping(text, brackets)
    check_random_effects(brackets)
    check_names(names, fixed, brackets)
    check_response(response, fixed, brackets, right_side.offsets)
    check_response_and_groups(response, response_columns, brackets)
    return Specification(
        formula=text,
        response=response.source,
        response_name=response.label,
        fixed=fixed.source,
        offsets=tuple(offset.source for offset in right_side.offsets),
        random=tuple(bracket.random for bracket in brackets),
        columns=tuple(names.columns),
        categorical=tuple(names.categorical),
    )


def _response(expressions: Expressions) -> Factor:
    cursor = expressions.cursor
    if cursor.at("~"):
        raise FormulaError(f"nothing before '~' in {cursor.text!r}: write the response there")
    start = cursor.token
    factor = expressions.factor() if start.names_column else None
    if factor is None or not cursor.at("~"):
        raise cursor.error("the response must be one column or one call such as log(y) or I(a - b);", start)
    cursor.take()
    return factor
