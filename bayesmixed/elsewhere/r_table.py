"""The lines of R that read the table and give its factors the levels of the design."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesmixed.elsewhere.r_expressions import is_r_word, r_name, r_text, r_vector

if TYPE_CHECKING:
    from bayesmixed.design import Design


#: Endings of files that hold Parquet.
PARQUET = (".parquet", ".pq")


def reading_lines(design: "Design", data: str) -> list[str]:
    """``table <- read.csv(...)`` and ``table$f <- factor(...)`` of each factor."""
    lines = [f"table <- {_read(design, data)}"]
    for column in design.encoding.columns:
        if column.kind == "factor" and any(isinstance(level, str) for level in column.levels):
            levels = r_vector(r_text(level) for level in column.levels)
            name = f"table${r_name(column.name)}"
            lines.append(f"{name} <- factor({name}, levels = {levels})")
    return lines


def text_columns(design: "Design") -> list[str]:
    """Columns that hold text, which a reader must not take for numbers."""
    factors = {column.name for column in design.encoding.columns if column.kind == "factor"}
    numeric_levels = {
        column.name
        for column in design.encoding.columns
        if column.kind == "factor" and not any(isinstance(level, str) for level in column.levels)
    }
    numbers = {column.name for column in design.encoding.columns if column.kind == "number"}
    return [
        name
        for name in design.used_names
        if name != design.weights_name
        and name not in numbers | numeric_levels
        and (name in factors or _is_text(design, name))
    ]


def has_word_for_missing(design: "Design", names: list[str]) -> bool:
    """Whether some text would be read as a missing value."""
    if design.streamed is not None:
        return False
    words = {"NA", "NaN", "nan", "null", "NULL", "None", "N/A", "n/a", ""}
    return any(design.frame[name].astype(str).isin(words).any() for name in names)


def _is_text(design: "Design", name: str) -> bool:
    """A column that only names groups may be numbers."""
    if design.streamed is not None:
        return True
    dtype: Any = design.frame[name].dtype
    return getattr(dtype, "kind", "O") not in "biuf"


def _read(design: "Design", data: str) -> str:
    if Path(data).is_dir():
        return f"as.data.frame(dplyr::collect(arrow::open_dataset({r_text(data)})))"
    if Path(data).suffix.lower() in PARQUET:
        return f"as.data.frame(arrow::read_parquet({r_text(data)}))"
    options, text = [r_text(data)], text_columns(design)
    if text:
        classes = (f'{r_name(name)} = "character"' for name in text)
        options.append(f"colClasses = {r_vector(classes)}")
    if has_word_for_missing(design, text):
        options.append("na.strings = character()")
    if not all(map(is_r_word, design.used_names)):
        options.append("check.names = FALSE")
    if not "".join(map(str, design.used_names)).isascii():
        options.append('encoding = "UTF-8"')
    return f"read.csv({', '.join(options)})"
