"""What a formula has named so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bayesmixed.formula.cursor import Cursor
from bayesmixed.formula.terms import Factor
from bayesmixed.formula.tokens import Token
from bayesmixed.formula.vocabulary import RESERVED_COLUMNS


@dataclass
class Names:
    """Columns in order of appearance, and which expression each label stands for."""

    cursor: Cursor
    columns: dict[str, None] = field(default_factory=dict)
    categorical: dict[str, None] = field(default_factory=dict)
    contrasts: set[str] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)

    def column(self, token: Token) -> Factor:
        """The column that this token names."""
        name = token.name
        if name in RESERVED_COLUMNS:
            reason = RESERVED_COLUMNS[name]
            raise self.cursor.error(f"rename the column {name!r} ({reason}), used", token)
        if "|" in name:
            raise self.cursor.error(f"rename the column {name!r} (a name cannot hold '|'), used", token)
        self.columns[name] = None
        return self.known(Factor(name, f"`{name}`", column=True, uses=frozenset([name])), token)

    def known(self, factor: Factor, token: Token) -> Factor:
        """Refuse two expressions that formulae prints alike, such as I((a+b)*c) and I(a+b*c)."""
        if self.sources.setdefault(factor.label, factor.source) != factor.source:
            raise self.cursor.error(
                f"two different expressions are both printed as {factor.label!r}; make one of "
                "them a column of the table, the second is",
                token,
            )
        return factor

    def any_column(self, tokens: Iterable[Token]) -> bool:
        return any(token.name in self.columns for token in tokens)

    def mark_categorical(self, tokens: Iterable[Token]) -> None:
        """Columns among these tokens stand inside C(...)."""
        names = {token.name for token in tokens}
        self.categorical.update(dict.fromkeys(name for name in self.columns if name in names))
