"""Units of measurement: shown beside every number that has one."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bayesmixed.errors import DesignError

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True)
class Units:
    """Units of columns, and from them those of coefficients.

    Parameters
    ----------
    columns : mapping of str to str
        For example ``{"Reaction": "ms", "Days": "d"}``.
    response : str
        Name of the response.

    Examples
    --------
    >>> units = Units({"Reaction": "ms", "Days": "d"}, "Reaction")
    >>> units.of_y, units.of_term("Days"), units.of_term("Days:Type"), units.of_term("Intercept")
    ('ms', 'ms/d', 'ms/d', 'ms')
    """

    columns: Mapping[str, str]
    response: str

    @property
    def of_y(self) -> str:
        """Unit of the response; ``""`` if it was not given."""
        return self.columns.get(self.response, "")

    def of_term(self, name: str) -> str:
        """Unit of a coefficient, or of the sd of a random effect, of this term.

        Columns without a unit, such as factors, count as pure numbers; of a transformed column the unit is
        spelt out, ``ms per log(Days)``.
        """
        parts = [] if name in ("Intercept", "1") else name.split(":")
        below = [self.columns[part] for part in parts if part in self.columns]
        transformed = [part for part in parts if "(" in part]
        unit = self.of_y
        if below:
            unit = f"{unit or '1'}/{'/'.join(below)}"
        if transformed and unit:
            unit = f"{unit} per {' '.join(transformed)}"
        return unit

    def of_parameter(self, name: str) -> str:
        """Unit of a variable of the posterior: ``"Days|Subject_sigma"`` has that of ``Days``."""
        if name.split("[", 1)[0].endswith("_corr"):
            return ""
        return self.of_y if name == "sigma" else self.of_term(name.split("|", 1)[0].split("[", 1)[0])


def with_unit(text: str, unit: str) -> str:
    """``"25.6 ms"``, or the text alone where there is no unit."""
    return f"{text} {unit}" if unit else text


def units_of(units: Mapping[str, str], design: "Design", table: Any) -> Units:
    """The units that a user gave, checked: those of columns that the model does not use are left out.

    Parameters
    ----------
    units : mapping of str to str
        By columns of the table, or by the model's own names, such as ``"log(Days)"``.
    design : Design
    table : pandas, Polars or PyArrow table, or dict of columns

    Raises
    ------
    DesignError
        A name is no column, or a unit is no text.
    """
    terms = [part for term in (*design.fixed, *design.random_terms) for part in term.name.split(":")]
    used = [*design.used_names, design.response_name, *terms]
    unused = (
        [] if all(name in used for name in units) else [name for name in _column_names(table) if name not in used]
    )
    for name, unit in units.items():
        if not isinstance(unit, str):
            raise DesignError(f"the unit of {name!r} must be text, such as 'ms', not {unit!r}")
        if name not in used and name not in unused:
            near = _nearest(str(name), [*used, *unused])
            raise DesignError(f"units: the table has no column {name!r}; did you mean {near!r}?")
    return Units({name: unit for name, unit in units.items() if name in used}, design.response_name)


def _column_names(table: Any) -> list[str]:
    if isinstance(table, Mapping):
        return list(map(str, table))
    import narwhals as nw

    return list(map(str, nw.from_native(table).collect_schema().names()))


def _nearest(name: str, among: list[str]) -> str:
    folded = {other.casefold(): other for other in reversed(among)}
    return folded[get_close_matches(name.casefold(), folded, n=1, cutoff=0.0)[0]]
