"""The same model in other software, as a script to run there: a check that needs no trust in us.

A design is written in R's language (`r_expressions`, `r_terms`, `r_table`) for lme4 and brms, and in
Python's for Bambi; `script` is what all of them return. What a program cannot say is an error that names it,
or a comment in the script where the rest is exact.
"""

from bayesmixed.elsewhere.methods import ModelElsewhere, RemlElsewhere
from bayesmixed.elsewhere.programs import PROGRAMS, refit_of_reml, script_of_model
from bayesmixed.elsewhere.script import Script

__all__ = ["PROGRAMS", "ModelElsewhere", "RemlElsewhere", "Script", "refit_of_reml", "script_of_model"]
