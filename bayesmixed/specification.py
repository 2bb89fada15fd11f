"""What was asked for: a formula taken apart, before any data are seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RandomTerm:
    """One bracket ``(effects | group)`` of a formula: one block of G, or several for ``||``.

    Parameters
    ----------
    effects : str
        Left side of the bar as a sum of terms in formulae's language, with every column in
        backquotes and the intercept spelt out: ``"1 + `Days`"`` or ``"0 + `Days`"``.
    factor : tuple of str
        Columns whose combinations are the groups: ``("Subject",)``, or ``("a", "b")`` for ``a:b``.
    correlated : bool
        False for ``||``: every column gets a block of its own.
    source : str
        The bracket as typed.
    position : int
        Where the bracket starts in the formula, counted from 0.
    """

    effects: str
    factor: tuple[str, ...]
    correlated: bool
    source: str
    position: int

    @property
    def factor_name(self) -> str:
        """The grouping factor as it is called in tables: ``"Subject"``, ``"a:b"``."""
        return ":".join(self.factor)


@dataclass(frozen=True)
class Specification:
    """A formula ``response ~ fixed + offset(x) + (effects | group)`` taken apart.

    Parameters
    ----------
    formula : str
        The formula as typed.
    response : str
        Expression of the response in formulae's language; its label is `response_name`.
    response_name : str
        The response as it is called in tables: ``"Reaction"``, ``"log(Reaction)"``.
    fixed : str
        Right side without brackets and offsets, as a sum of terms in formulae's language:
        ``"1 + `Days`"``; ``"0"`` for none.
    offsets : tuple of str
        The expressions inside ``offset(...)``, in formulae's language.
    random : tuple of RandomTerm
    columns : tuple of str
        Every column of the table that the formula uses, in order of appearance.
    categorical : tuple of str
        Those of `columns` that stand inside ``C(...)``: their numbers are names of levels.
    """

    formula: str
    response: str
    response_name: str
    fixed: str
    offsets: tuple[str, ...]
    random: tuple[RandomTerm, ...]
    columns: tuple[str, ...]
    categorical: tuple[str, ...] = ()

    @property
    def factor(self) -> tuple[str, ...]:
        """Columns of the one grouping factor."""
        return self.random[0].factor

    @property
    def factor_name(self) -> str:
        """The grouping factor as it is called in tables: ``"Subject"``, ``"a:b"``."""
        return self.random[0].factor_name

    @property
    def only_groups(self) -> set[str]:
        """Columns that only name groups: they stand behind a bar and nowhere else."""
        sources = [self.response, self.fixed, *self.offsets, *(term.effects for term in self.random)]
        return {name for name in self.factor if not any(f"`{name}`" in text for text in sources)}
