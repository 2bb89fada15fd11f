"""Units of measurement: shown beside every number that has one."""

from collections.abc import Mapping
from dataclasses import dataclass


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
