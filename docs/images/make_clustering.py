"""Draw the pictures of docs/clustering.md: python docs/images/make_clustering.py"""

from pathlib import Path

import matplotlib.pyplot as plt

import bayesmixed as bm
from bayesmixed.report.plots.style import figure_of

PICTURES = {"type-one-error": bm.plot_type_one_error, "interval-coverage": bm.plot_interval_coverage}


def main() -> None:
    for name, draw in PICTURES.items():
        figure = figure_of(draw())
        figure.savefig(Path(__file__).with_name(f"{name}.png"), dpi=160, facecolor="white")
        plt.close(figure)


if __name__ == "__main__":
    main()
