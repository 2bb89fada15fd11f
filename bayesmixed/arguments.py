"""Arguments that are one of a few words, a probability or a count, refused in one line where they are not."""

from collections.abc import Sequence
from difflib import get_close_matches
from numbers import Integral, Real

from bayesmixed.errors import BayesmixedError


def check_choice(name: str, value: object, choices: Sequence[object], error: type[BayesmixedError]) -> None:
    """Refuse a value that is not one of the choices.

    Choices other than texts are compared by identity, for an array equals None element by element.

    Parameters
    ----------
    name : str
        Of the argument, as its user writes it.
    value : object
    choices : sequence
        Texts, and possibly True, False and None.
    error : type
        Of the stage that asks.

    Raises
    ------
    BayesmixedError
        Of the type `error`, with the choices and with the nearest one where the value looks like a slip.

    Examples
    --------
    >>> from bayesmixed.errors import RemlError
    >>> check_choice("df", "kenward_roger", ("satterthwaite", "kenward-roger"), RemlError)
    Traceback (most recent call last):
    bayesmixed.errors.RemlError: df must be 'satterthwaite' or 'kenward-roger', not 'kenward_roger'
    """
    texts = [choice for choice in choices if isinstance(choice, str)]
    if isinstance(value, str):
        if value in texts:
            return
    elif any(value is choice for choice in choices):
        return
    near = get_close_matches(value, texts, 1) if isinstance(value, str) and len(choices) > 3 else []
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise error(f"{name} must be {_listed(choices)}, not {value!r}{meant}")


def check_probability(name: str, value: object, error: type[BayesmixedError]) -> None:
    """Refuse what is no number between 0 and 1, both left out."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0.0 < float(value) < 1.0:
        raise error(f"{name} must lie between 0 and 1, not {value!r}")


def check_count(name: str, value: object, least: int, error: type[BayesmixedError]) -> None:
    """Refuse what is no whole number of at least so many."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise error(f"{name} must be a whole number of at least {least}, not {value!r}")


def _listed(choices: Sequence[object]) -> str:
    *others, last = map(repr, choices)
    return f"{', '.join(others)} or {last}" if others else last
