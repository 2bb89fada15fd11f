"""What the columns of a term are called."""

from dataclasses import dataclass
from typing import Any

from bayesmixed.errors import DesignError


@dataclass(frozen=True)
class Term:
    """A term and its columns, named as Bambi names the variable of its coefficients.

    Parameters
    ----------
    name : str
        ``"Intercept"``, ``"Days"``, ``"Type"``, ``"Type:x"``, ``"I(x ** 2)"``.
    coords : tuple of (str or int), or None
        Coordinates of the variable; None if it has no dimension of its own.

    Examples
    --------
    >>> Term("Type:s", ("T2, v",)).labels
    ('Type:s[T2, v]',)
    """

    name: str
    coords: tuple[str | int, ...] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """One label a column, as ``az.summary`` prints them."""
        if self.coords is None:
            return (self.name,)
        return tuple(f"{self.name}[{coord}]" for coord in self.coords)

    @property
    def size(self) -> int:
        return 1 if self.coords is None else len(self.coords)

    @classmethod
    def of(cls, learnt: Any) -> "Term":
        """Name and coordinates of a term of formulae, as Bambi makes them (bambi/terms/common.py)."""
        if learnt.kind == "intercept":
            return cls("Intercept")
        if any(component.kind == "categoric" for component in learnt.components):
            levels = tuple(str(level) for level in learnt.levels)
            if not levels:
                raise DesignError(f"{learnt.name} has one level only, so it has no effect: remove it")
            return cls(learnt.name, levels)
        size = 1 if learnt.data.ndim == 1 else learnt.data.shape[1]
        if size == 0:
            raise DesignError(f"{learnt.name} gives no column: leave it out")
        return cls(learnt.name, None if size == 1 else tuple(range(size)))
