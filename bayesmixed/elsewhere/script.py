"""A script for other software, and the table that it reads."""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from bayesmixed.errors import DesignError, StorageError

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
class Script:
    """Code that fits a model in other software; it prints as that code.

    Parameters
    ----------
    program : str
        ``"lme4"``, ``"brms"`` or ``"bambi"``.
    text : str
        The code, ready to run where `data` is.
    data : str
        Path of the table as the code reads it.
    design : Design
        Whose rows in use `write_table` writes.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> print(model.code("lme4").text.splitlines()[-2])
    fit <- lmer(Yield ~ 1 + (1 | Batch), table, REML = TRUE)
    """

    program: str
    text: str
    data: str
    design: "Design" = field(repr=False)

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return f"<pre><code>{escape(self.text)}</code></pre>"

    def write_table(self, path: str | Path | None = None) -> Path:
        """Write the rows in use as CSV, where the code looks for them unless another path is given.

        Rows with a missing value are left out, truth values become 0 and 1; numbers are written to the last
        digit.

        Parameters
        ----------
        path : str or Path, optional

        Returns
        -------
        Path

        Raises
        ------
        DesignError
            The rows were streamed, so that there is no table to write.
        StorageError
            The file cannot be written, or its name says that it is Parquet.
        """
        from bayesmixed.elsewhere.r_table import PARQUET
        from bayesmixed.files import whole_file

        target = Path(self.data if path is None else path)
        rows = _rows_in_use(self.design)
        if target.suffix.lower() in PARQUET:
            raise StorageError(f"the table is written as CSV, and {target} is named as Parquet: end it in .csv")
        with whole_file(target) as file:
            rows.to_csv(file, index=False, encoding="utf-8", lineterminator="\n")
        return target


def _rows_in_use(design: "Design") -> "pd.DataFrame":
    if design.streamed is not None:
        raise DesignError(
            "the rows were read in parts and are not here: give the path of a table of yours, code(..., data=...)"
        )
    truth = {name: int for name in design.frame.columns if design.frame[name].dtype.kind == "b"}
    return design.frame.astype(truth)
