"""The tables of a report by name, to be used elsewhere: data frames, CSV, Markdown, LaTeX, HTML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bayesmixed.arguments import check_choice
from bayesmixed.errors import StorageError
from bayesmixed.files import whole_file
from bayesmixed.report.table import Table

if TYPE_CHECKING:
    from bayesmixed.fit import Fit

#: Endings of files and what writes them.
FORMATS = {"csv": Table.to_csv, "md": Table.to_markdown, "tex": Table.to_latex, "html": Table.to_html}


@dataclass(frozen=True, eq=False)
class Tables(Mapping[str, Table]):
    """Tables by name, in the order of the report.

    Each has ``frame`` (raw values, a pandas data frame), ``to_csv()``, ``to_markdown()``, ``to_latex()``,
    ``to_html()`` and ``to_text()``, the last four with numbers as people read them.

    Parameters
    ----------
    by_name : mapping of str to Table

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    >>> fit = model.fit(draws=250, random_seed=1, progressbar=False, engine="importance")
    >>> tables = fit.tables()
    >>> list(tables)[:4]
    ['data', 'priors', 'implied', 'diagnostics']
    >>> print(tables["data"].to_markdown())
    **Columns in use**
    <BLANKLINE>
    | column | role | unit | holds |
    | --- | --- | --- | --- |
    | Yield | response |  | 1440 to 1635, mean 1528 |
    | Batch | group |  | 6 groups of 5 rows |
    <BLANKLINE>
    """

    by_name: Mapping[str, Table]

    def __getitem__(self, name: str) -> Table:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def __repr__(self) -> str:
        return f"Tables({', '.join(self)})"

    def save(self, folder: str | Path, formats: Sequence[str] = ("csv", "md", "tex")) -> list[Path]:
        """Write every table in every format, ``fixed.csv`` and so on; the folder is made where there is none.

        Parameters
        ----------
        folder : str or Path
        formats : sequence of {"csv", "md", "tex", "html"}

        Returns
        -------
        list of Path
            The files.

        Raises
        ------
        StorageError
            The folder or a file cannot be written, or a format is unknown.
        """
        formats = [formats] if isinstance(formats, str) else list(formats)
        for ending in formats:
            check_choice("format", ending, tuple(FORMATS), StorageError)
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror or error}") from error
        return [
            _write(folder / f"{name}.{ending}", FORMATS[ending](table))
            for name, table in self.items()
            for ending in formats
        ]


def _write(path: Path, text: str) -> Path:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def tables_of(fit: "Fit") -> Tables:
    """Every table of the report of a fit, by the name of its section."""
    from bayesmixed.report.sections import sections

    found = ((section.name, block) for section in sections(fit) for block in section.blocks)
    return Tables({name: block for name, block in found if isinstance(block, Table) and block})
