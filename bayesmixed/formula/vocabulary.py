"""The words with a meaning of their own: functions, contrasts, and names that columns cannot have."""

from difflib import get_close_matches

from bayesmixed.errors import FormulaError
from bayesmixed.formula.cursor import Cursor
from bayesmixed.formula.tokens import Token

TRANSFORMATIONS = (
    *("C", "I", "log", "log2", "log10", "exp", "sqrt", "abs"),
    *("scale", "center", "poly", "bs"),
)
CONTRASTS = ("Treatment", "Sum")
# formulae looks these up before anything of the user's own, so a user's function would not run.
TAKEN_BY_FORMULAE = ("offset", "B", "binary", "p", "prop", "proportion", "S", "T", "standardize")
CONSTANTS = ("True", "False", "None")
RESERVED_COLUMNS = {
    "chain": "it numbers the chains of the posterior",
    "draw": "it numbers the draws of the posterior",
    "sigma": "it is the residual standard deviation in the posterior",
    "Intercept": "it is the intercept in the posterior",
}


def check_own_functions(own: tuple[str, ...]) -> None:
    """Refuse names for the user's own transformations that are taken or cannot be called."""
    for name in own:
        if name in (*TRANSFORMATIONS, *CONTRASTS, *TAKEN_BY_FORMULAE):
            raise FormulaError(f"functions: the name {name!r} is taken; give yours another name")
        if not (name.isidentifier() and name[0].isalpha()):
            raise FormulaError(
                f"functions: {name!r} cannot be called in a formula; a name begins with a letter "
                "and has only letters, digits and '_'"
            )


def check_function(cursor: Cursor, name: Token, own: tuple[str, ...]) -> None:
    """Refuse a call of anything but the transformations, with the nearest of them."""
    known = (*TRANSFORMATIONS, *own)
    if name.text in known:
        return
    if name.text in CONTRASTS:
        raise cursor.error(f"write C(column, {name.text}(...)): alone it cannot stand", name)
    last = name.text.rpartition(".")[2]
    if name.text == "offset":
        raise cursor.error("offset(...) must be added by '+' on its own, not", name)
    if "." in name.text:
        instead = f"write {last}(...)" if last in known else "give it by functions={...}"
        raise cursor.error(f"the call {name.text}(...) is not possible, {instead};", name)
    near = get_close_matches(name.text, known, 1, 0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise cursor.error(f"unknown function {name.text!r}: {hint}known are {', '.join(known)}; it stands", name)
