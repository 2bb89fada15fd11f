"""``bayesmixed datasets``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bayesmixed.cli.options import as_json, command
from bayesmixed.cli.terminal import painted, say, say_json, width

if TYPE_CHECKING:
    from bayesmixed.datasets import DatasetInfo

EPILOG = """Examples:

\b
  bayesmixed datasets
  bayesmixed datasets sleepstudy
  bayesmixed datasets sleepstudy --out sleep.csv
"""


@command(short_help="Tables that come with the package.", epilog=EPILOG)
@click.argument("name", required=False)
@click.option(
    "--out", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE.csv", help="Write it; - prints it."
)
@as_json
def datasets(name: str | None, out: Path | None, as_json: bool) -> None:
    """List the tables that come with the package, describe one, or write it as CSV.

    The name of a table also stands for DATA in the other commands.
    """
    from bayesmixed.datasets import dataset_info, list_datasets

    if name is None:
        if out is not None:
            raise click.UsageError("--out needs the name of a table: bayesmixed datasets sleepstudy --out a.csv")
        infos = [dataset_info(one) for one in list_datasets()]
        if as_json:
            say_json({"datasets": list(map(_record, infos))})
        else:
            say(_list(infos))
        return
    info = dataset_info(name)
    if out is not None:
        _write(info.name, out)
    elif as_json:
        say_json(_record(info))
    else:
        say(_described(info))


def _list(infos: "list[DatasetInfo]") -> str:
    from bayesmixed.report.table import Column, Table
    from bayesmixed.report.text import page_text

    columns = (Column("name", "text"), Column("what", "text"), Column("a formula to begin with", "text"))
    rows = tuple((info.name, info.title, info.formula) for info in infos)
    return page_text([], [Table("Tables that come with the package", columns, rows)], (), width(), painted)


def _described(info: "DatasetInfo") -> str:
    from bayesmixed.report.table import Column, Table
    from bayesmixed.report.text import page_text

    doi = f" doi:{info.doi}" if info.doi else ""
    head = [(info.name, "title"), (info.title, ""), (f"Source: {info.source}{doi}", "note")]
    columns = (Column("column", "text"), Column("unit", "text"), Column("what it holds", "text"))
    rows = tuple((name, info.units.get(name, ""), what) for name, what in info.columns.items())
    page = page_text(head, [Table("Columns", columns, rows)], (), width(), painted)
    return f"{page}\n\nBegin with\n  bayesmixed reml {info.name} '{info.formula}'"


def _record(info: "DatasetInfo") -> dict[str, object]:
    return {
        "name": info.name,
        "title": info.title,
        "source": info.source,
        "doi": info.doi,
        "columns": dict(info.columns),
        "units": dict(info.units),
        "formula": info.formula,
    }


def _write(name: str, out: Path) -> None:
    from bayesmixed.datasets import load_dataset
    from bayesmixed.files import whole_file

    text = load_dataset(name).to_csv(index=False, lineterminator="\n")
    if str(out) == "-":
        click.echo(text, nl=False)
        return
    with whole_file(out) as file:
        file.write_text(text, encoding="utf-8")
