"""Which models have an ICC that could be negative."""

from typing import TYPE_CHECKING

from bayesmixed.errors import BayesmixedError, RemlError

if TYPE_CHECKING:
    from bayesmixed.design import Design

#: Names of the methods whose ICC may be negative.
SIGNED = ("anova", "cs")


def is_random_intercept(design: "Design") -> bool:
    """Whether each group has one random effect, the same in all of its rows, and rows have no weights."""
    return tuple(design.random_labels) == ("Intercept",) and design.weights_name is None


def check_random_intercept(design: "Design", method: str, error: type[BayesmixedError] = RemlError) -> None:
    """Refuse models in which a negative ICC has no meaning.

    Raises
    ------
    BayesmixedError
        Of the class `error`: there are random slopes or weights.
    """
    if tuple(design.random_labels) != ("Intercept",):
        raise error(
            f"method={method!r} is for a random intercept alone, (1 | {design.factor_name}): with random slopes "
            "the correlation of two rows depends on where they are, and no single number could be negative"
        )
    if design.weights_name is not None:
        raise error(
            f"method={method!r} is for rows without weights, whose pairs all have one correlation: omit "
            f"weights={design.weights_name!r}"
        )
