"""Makes bayes-factor.png: ``python docs/images/make_evidence.py``."""

from pathlib import Path

import bayesmixed as bm

model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
ax = bm.bayes_factor(model, null="1|Batch").plot()
ax.figure.savefig(Path(__file__).with_name("bayes-factor.png"), dpi=110)
