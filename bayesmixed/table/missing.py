"""Rows that are left out because of missing values, and the columns that are to blame."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Missing:
    """How many rows lack a value, and in which columns.

    Parameters
    ----------
    n_rows : int
        Rows with a missing value in any column.
    columns : mapping of str to int
        Missing values of each column that has any; their sum may exceed `n_rows`.

    Examples
    --------
    >>> Missing(3, {"Days": 2, "Subject": 1}).where
    'Days (2) and Subject (1)'
    """

    n_rows: int
    columns: Mapping[str, int] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The columns in words, the worst first, with their counts unless one column says it all."""
        if set(self.columns.values()) == {self.n_rows} and len(self.columns) == 1:
            return next(iter(self.columns))
        worst = sorted(self.columns, key=lambda name: -self.columns[name])
        texts = [f"{name} ({self.columns[name]})" for name in worst]
        if len(texts) > 4:
            texts = [*texts[:3], f"{len(texts) - 3} more columns"]
        return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)

    def sentence(self, n_used: int) -> str:
        """Which share of the rows was dropped and why, where `n_used` rows are left; "" if none was."""
        if not self.n_rows:
            return ""
        rows = f"{self.n_rows} of {self.n_rows + n_used} rows {'was' if self.n_rows == 1 else 'were'} dropped"
        # A stored fit remembers the count alone.
        return f"{rows} for missing values" + (f" in {self.where}" if self.columns else "")
