"""Draw the picture of docs/predictive-checks.md: python docs/images/make_check.py"""

from pathlib import Path

import bayesmixed as bm
from bayesmixed.report.plots import figure_of


def main() -> None:
    units = bm.dataset_info("sleepstudy").units
    model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"), units=units)
    picture = model.fit(random_seed=1, progressbar=False).plot_ppc()
    figure_of(picture).savefig(Path(__file__).with_name("check-sleepstudy.png"), dpi=100, facecolor="white")


if __name__ == "__main__":
    main()
