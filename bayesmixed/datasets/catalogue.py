"""What is known about each table: where it comes from and what its columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class DatasetInfo:
    """Facts about one table.

    Parameters
    ----------
    name : str
        As `bayesmixed.load_dataset` takes it.
    title : str
        The experiment in one line.
    source : str
        Citation of the experiment.
    doi : str or None
        Digital object identifier of the source, where it has one.
    columns : Mapping of str to str
        What each column holds, in the order of the table.
    units : Mapping of str to str
        Unit of each measured column, ready for ``MixedModel(units=...)``.
    labels : tuple of str
        Columns that are read as strings because they name groups or conditions.
    formula : str
        A formula to begin with.
    """

    name: str
    title: str
    source: str
    doi: str | None
    columns: Mapping[str, str]
    units: Mapping[str, str]
    labels: tuple[str, ...]
    formula: str

    def __str__(self) -> str:
        columns = (f"  {name}: {meaning}" for name, meaning in self.columns.items())
        doi = f" doi:{self.doi}" if self.doi else ""
        return "\n".join(
            [
                f"{self.name}: {self.title}",
                *columns,
                f"Source: {self.source}{doi}",
                f"A formula to begin with: {self.formula}",
            ]
        )


CATALOGUE = (
    DatasetInfo(
        name="teaching",
        title="Three subjects measured at four times: small enough to write Z, G and V by hand",
        source="Made up for teaching.",
        doi=None,
        columns=MappingProxyType(
            {
                "ID": "subject, 1 to 3",
                "group": "group of the subject; all are in group 1",
                "time": "occasion of the measurement, 1 to 4",
                "y": "response, in no particular unit",
            }
        ),
        units=MappingProxyType({}),
        labels=(),
        formula="y ~ time + (1 | ID)",
    ),
    DatasetInfo(
        name="sleepstudy",
        title="Reaction times of 18 subjects on ten days of sleep restriction",
        source=(
            "Belenky, G. and others (2003). Patterns of performance degradation and restoration "
            "during sleep restriction and subsequent recovery: a sleep dose-response study. "
            "Journal of Sleep Research 12, 1-12."
        ),
        doi="10.1046/j.1365-2869.2003.00337.x",
        columns=MappingProxyType(
            {
                "Reaction": "mean reaction time on that day, in milliseconds",
                "Days": "day of the study, 0 to 9",
                "Subject": "code of the subject",
            }
        ),
        units=MappingProxyType({"Reaction": "ms", "Days": "d"}),
        labels=("Subject",),
        formula="Reaction ~ Days + (Days | Subject)",
    ),
    DatasetInfo(
        name="Dyestuff",
        title="Yield of dyestuff from six batches of an intermediate product, five samples each",
        source=(
            "Davies, O. L. and Goldsmith, P. L., editors (1972). Statistical Methods in Research "
            "and Production, 4th edition. Hafner."
        ),
        doi=None,
        columns=MappingProxyType(
            {
                "Batch": "batch of the intermediate product, A to F",
                "Yield": "yield in grams of standard colour",
            }
        ),
        units=MappingProxyType({"Yield": "g"}),
        labels=("Batch",),
        formula="Yield ~ 1 + (1 | Batch)",
    ),
    DatasetInfo(
        name="Dyestuff2",
        title="Simulated yields of six batches whose estimated variance between batches is zero",
        source=(
            "Box, G. E. P. and Tiao, G. C. (1973). Bayesian Inference in Statistical Analysis. Addison-Wesley."
        ),
        doi=None,
        columns=MappingProxyType(
            {
                "Batch": "simulated batch, A to F",
                "Yield": "simulated yield, in no particular unit",
            }
        ),
        units=MappingProxyType({}),
        labels=("Batch",),
        formula="Yield ~ 1 + (1 | Batch)",
    ),
    DatasetInfo(
        name="ergoStool",
        title="Effort of nine subjects to rise from each of four types of stool",
        source=(
            "Wretenberg, P., Arborelius, U. P. and Lindberg, F. (1993). The effects of a pneumatic "
            "stool and a one-legged stool on lower limb joint load and muscular activity during "
            "sitting and rising. Ergonomics 36, 519-535."
        ),
        doi="10.1080/00140139308967910",
        columns=MappingProxyType(
            {
                "effort": "perceived effort on the Borg scale",
                "Type": "type of stool, T1 to T4",
                "Subject": "subject, 1 to 9",
            }
        ),
        units=MappingProxyType({"effort": "Borg"}),
        labels=("Type", "Subject"),
        formula="effort ~ Type + (1 | Subject)",
    ),
)
