"""Pictures of the page: docs/pictures/coverage-*.png."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

from bayesmixed.report.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION, drawing
from proof.coverage.facts import chosen, of_beta, zeros
from proof.coverage.results import Results
from proof.coverage.study import ALTERNATIVES

mpl.use("Agg")

COLOURS = {
    "posterior": BLUE,
    "Kenward-Roger": GREEN,
    "Satterthwaite": ORANGE,
    "CR2": PURPLE,
    "profile": VERMILLION,
    "Wald z": GREY,
    "Wald": GREY,
    "profile REML": GREEN,
}
MARKS = dict(zip(COLOURS, "osD^vxxs", strict=True))
SHOWN_ICCS = (0.05, 0.1, 0.3, 0.6)


def draw_pictures(results: Results, folder: Path) -> None:
    """All of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with drawing():
        _treatment(results, "coverage", folder / "coverage-treatment.png")
        _treatment(results, "relative_width", folder / "coverage-width.png")
        _sd(results, folder / "coverage-sd.png")
        _zeros(results, folder / "coverage-zeros.png")
        _priors(results, folder / "coverage-priors.png")


def _treatment(results: Results, column: str, path: Path) -> None:
    """Of a treatment of whole groups, against J: one panel for each ICC and n."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(7.6, 4.4), sharex=True, sharey=True)
    found = of_beta(results, "treatment", balanced=True)
    methods = ("Wald z", "profile", "Satterthwaite", "CR2", "Kenward-Roger", "posterior")
    for (row, rows), (k, icc) in ((a, b) for a in enumerate((5, 20)) for b in enumerate(SHOWN_ICCS)):
        ax = axes[row, k]
        for method in methods:
            _line(ax, chosen(found, rows=rows, icc=icc, method=method), column, method)
        if column == "coverage":
            _level(ax, 95)
        else:
            ax.set_yscale("log")
            ax.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
            ax.yaxis.set_minor_locator(mpl.ticker.NullLocator())
            ax.axhline(1.0, color=INK, linewidth=0.6, linestyle=":")
        ax.set_title(f"n = {rows}, ICC = {icc:g}")
        _groups(ax, found, row == 1)
    for ax in axes[:, 0]:
        ax.set_ylabel("coverage in %" if column == "coverage" else "width, known variances = 1")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    _save(figure, path)


def _sd(results: Results, path: Path) -> None:
    """Misses of the limits of sd on either side, with a treatment of whole groups."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(7.6, 4.4), sharex=True, sharey="row")
    found = chosen(results.intervals, quantity="sd", rows=20, balanced=True, design="treatment")
    sides = {"truth_above": "sd above its upper limit, %", "truth_below": "sd below its lower limit, %"}
    for (row, column), (k, icc) in ((a, b) for a in enumerate(sides) for b in enumerate((0.05, 0.1, 0.3, 0.9))):
        ax = axes[row, k]
        for method in ("Wald", "profile", "profile REML", "posterior"):
            _line(ax, chosen(found, icc=icc, method=method), column, method)
        _level(ax, 2.5)
        if row == 0:
            ax.set_title(f"ICC = {icc:g}")
        _groups(ax, found, row == 1)
    for ax, label in zip(axes[:, 0], sides.values(), strict=True):
        ax.set_ylabel(label)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    _save(figure, path)


def _zeros(results: Results, path: Path) -> None:
    """Share of REML zeros against the exact one."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.4, 3.0))
    found = zeros(results)
    ax.plot([0, 70], [0, 70], color=INK, linewidth=0.6)
    colours = dict(zip(sorted(found["groups"].unique()), (BLUE, VERMILLION, GREEN, ORANGE, PURPLE), strict=False))
    for J, own in found.groupby("groups"):
        ax.plot(
            100 * own["exact_zeros"],
            100 * own["reml_zeros"],
            "o",
            color=colours[J],
            markersize=3,
            label=f"J = {J}",
        )
    ax.set_xlabel("sd estimated as 0, exactly (F), %")
    ax.set_ylabel("among the data sets, %")
    ax.legend()
    _save(figure, path)


def _priors(results: Results, path: Path) -> None:
    """Coverage of beta, and misses of the upper limit of sd, by the priors, against the ICC."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(7.6, 4.4), sharex=True, sharey="row")
    found = chosen(results.intervals, design="intercept", rows=20, balanced=True)
    names = {"posterior": "default", **{name: name.removeprefix("posterior, ") for name in ALTERNATIVES}}
    colours = dict(zip(names, (BLUE, VERMILLION, ORANGE, SKY, GREEN), strict=True))
    for (row, (quantity, column)), (k, J) in (
        (a, b) for a in enumerate((("Intercept", "coverage"), ("sd", "truth_above"))) for b in enumerate((3, 5, 8))
    ):
        ax = axes[row, k]
        for method, label in names.items():
            own = chosen(found, groups=J, quantity=quantity, method=method)
            own = own[own["icc"] > 0].sort_values("icc")
            style = {"linewidth": 1.8 if method == "posterior" else 1.0, "markersize": 3}
            ax.plot(own["icc"], 100 * own[column], "o-", color=colours[method], label=label, **style)
        _level(ax, 95 if row == 0 else 2.5)
        if row == 0:
            ax.set_title(f"J = {J}, n = 20")
        else:
            ax.set_xlabel("ICC")
    axes[0, 0].set_ylabel("coverage of the intercept, %")
    axes[1, 0].set_ylabel("sd above its limit, %")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    _save(figure, path)


def _line(ax, rows: pd.DataFrame, column: str, method: str) -> None:
    rows = rows.sort_values("groups")
    scale = 1.0 if column == "relative_width" else 100.0
    style = {"linewidth": 1.8 if method == "posterior" else 1.0, "markersize": 3.2}
    places = np.arange(len(rows))
    ax.plot(places, scale * rows[column], MARKS[method] + "-", color=COLOURS[method], label=method, **style)


def _level(ax, percent: float) -> None:
    """The level that is claimed, with two Monte Carlo standard errors on either side."""
    error = 200.0 * np.sqrt(percent / 100.0 * (1.0 - percent / 100.0) / 2000)
    ax.axhspan(percent - error, percent + error, color=INK, alpha=0.12, linewidth=0)
    ax.axhline(percent, color=INK, linewidth=0.6, linestyle=":")


def _groups(ax, found: pd.DataFrame, label: bool) -> None:
    groups = sorted(found["groups"].unique())
    ax.set_xticks(range(len(groups)), [str(J) for J in groups])
    if label:
        ax.set_xlabel("groups J")


def _save(figure, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure.savefig(path, dpi=110, facecolor="white", metadata={"Software": None})
    plt.close(figure)
