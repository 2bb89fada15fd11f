"""Numbers from other software, beside the scripts that made them. Loading needs only `json`.

==========================  ===================================================================
lme4.json                   lme4, lmerTest and pbkrtest on every table; made by make_lme4.R
clubsandwich.json           CR2 by clubSandwich, hat values by lme4; made by make_clubsandwich.R
terms.json                  type III tests and contrasts by lmerTest, R2; made by make_terms.R
emmeans.json                marginal means, contrasts, slopes by emmeans; made by make_emmeans.R
nlme.json                   nlme with residual correlation; made by make_nlme.R
brms_sleepstudy.json        brms with its default priors, 76,000 draws; made by make_brms.R
rstanarm.json               rstanarm with its default priors, 40,000 draws; made by make_rstanarm.R
data/                       tables that only the tests use
==========================  ===================================================================

Each file holds the versions of the software that made it. In R ``TypeT2`` is what we call
``Type[T2]``, and ``(Intercept)`` is ``Intercept``.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def load_reference(name: str) -> dict[str, Any]:
    """Golden numbers by the name of their file: ``lme4``, ``nlme`` or ``brms_sleepstudy``."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def table_path(name: str) -> Path:
    """Path of a table that only the tests use, for example ``sleepstudy_unbalanced``."""
    return FOLDER / "data" / f"{name}.csv"
