"""Tables and pictures of docs/calibration.md."""

from pathlib import Path

from proof.calibration.designs import DESIGNS, Design
from proof.calibration.results import Results
from proof.marks import write_between_marks

ENGINES = {"importance": "importance sampling", "nuts": "NUTS"}


def write_page(results: Results, docs: Path) -> None:
    """Put what was found between the marks of the page, and the pictures beside it."""
    pictures = docs / "pictures"
    pictures.mkdir(exist_ok=True)
    sections = []
    for design in DESIGNS:
        rows = [line for engine in ENGINES if (line := _line(results, design, engine))]
        if rows:
            name = f"calibration-{design.name}.png"
            _picture(results, design, pictures / name)
            sections.append(_section(design, rows, f"pictures/{name}"))
    write_between_marks(docs / "calibration.md", "calibration", "\n\n".join(sections))


def _line(results: Results, design: Design, engine: str) -> str:
    table = results.of(design, engine)
    if not len(table):
        return ""
    first, worst = table.iloc[0], str(table["p"].idxmin()).replace("|", "\\|")
    left = (~table["within"].astype(bool)).sum()
    return (
        f"| {ENGINES[engine]} | {first['replicates']:,} | {len(table)} | {left} ({0.05 * len(table):.1f}) "
        f"| {table['p'].min():.2g} (`{worst}`) | {min(1.0, table['p'].min() * len(table)):.2g} "
        f"| {first['by_nuts']} | {first['seconds']:.0f} |"
    )


def _section(design: Design, rows: list[str], picture: str) -> str:
    head = (
        "| engine | replicates | quantities | outside the 95 % band (by chance) | smallest p | after Bonferroni "
        "| weights refused | seconds |\n|---|---|---|---|---|---|---|---|"
    )
    return "\n".join(
        [f"### {design.title}", "", head, *rows, "", f"![ECDF differences: {design.title}]({picture})"]
    )


def _picture(results: Results, design: Design, path: Path) -> None:
    """All quantities of both engines in one panel each, with the band of its number of replicates."""
    import matplotlib.pyplot as plt

    from bayesmixed.report.plots.style import BLUE, GREY, VERMILLION, WIDTH, drawing

    engines = [engine for engine in ENGINES if len(results.of(design, engine))]
    with drawing():
        figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.4), sharey=True)
        for ax, engine in zip(axes, engines, strict=False):
            table, within = results.differences(design, engine), results.of(design, engine)["within"].astype(bool)
            ax.fill_between(table.index, table["lower"], table["upper"], color=GREY, alpha=0.3, linewidth=0)
            for label in within.index:
                ax.plot(table.index, table[label], color=BLUE if within[label] else VERMILLION, linewidth=0.7)
            ax.set_title(ENGINES[engine], loc="left")
            ax.set(xlim=(0, 1), xlabel="rank of the truth among the draws")
        axes[0].set_ylabel("ECDF - rank")
        figure.savefig(path, dpi=110)
        plt.close(figure)
