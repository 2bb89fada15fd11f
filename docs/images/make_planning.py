"""Draw the pictures of docs/planning.md and docs/sensitivity.md: python docs/images/make_planning.py"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import bayesmixed as bm

HERE = Path(__file__).parent

power = bm.power(
    "y ~ arm + (1 | clinic)",
    groups=[8, 12, 20, 30],
    n=[5, 20],
    icc=[0.05, 0.2],
    effects={"arm[b]": 0.5},
    between=["arm"],
    random_seed=1,
)
power.plot()[0].figure.savefig(HERE / "power.png", dpi=120)

model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"), units={"Reaction": "ms"})
priors = ["default", "brms", "penalised_complexity"]
found = bm.multiverse(model, priors, rows=["Days >= 2", "each group left out"], draws=400, random_seed=1)
found.plot()[0].figure.savefig(HERE / "multiverse.png", dpi=120)
