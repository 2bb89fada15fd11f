"""Draw the picture of the README: python docs/images/make.py"""

from pathlib import Path

import matplotlib.pyplot as plt

import bayesmixed as bm
from bayesmixed.report.plots import plot_compare_reml, plot_data
from bayesmixed.report.plots.style import drawing

QUANTITIES = ("Intercept", "Days", "1|Subject_sigma", "Days|Subject_sigma", "sigma", "ICC(Subject | Days = 0)")


def main() -> None:
    units = bm.dataset_info("sleepstudy").units
    model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), units=units)
    fit = model.fit(random_seed=1, progressbar=False)
    with drawing():
        figure = plt.figure(figsize=(9.0, 4.2))
        left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1.0])
        plot_data(fit, ax=left.subplots())
        left.suptitle("Reaction ~ Days + (Days | Subject)", family="monospace", fontsize=10)
        axes = right.subplots(len(QUANTITIES), 1)
        plot_compare_reml(fit, QUANTITIES, axes=axes)
        handles, labels = axes[0].get_legend_handles_labels()
        right.legend(handles, labels, loc="outside upper center", ncols=2)
        figure.savefig(Path(__file__).with_name("sleepstudy.png"), dpi=100, facecolor="white")
    plt.close(figure)


if __name__ == "__main__":
    main()
