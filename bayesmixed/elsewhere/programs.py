"""Which program, and what it is asked."""

from typing import TYPE_CHECKING

from bayesmixed.arguments import check_choice
from bayesmixed.elsewhere.script import Script
from bayesmixed.errors import DesignError, RemlError

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel
    from bayesmixed.reml import RemlFit

PROGRAMS = ("lme4", "brms", "bambi")


def script_of_model(model: "MixedModel", program: str, data: str = "table.csv") -> Script:
    """The same model, for brms and Bambi with the same priors, as a script.

    Raises
    ------
    DesignError, PriorError
        The program cannot say it.
    """
    program = _checked(program, data)
    if program == "brms":
        from bayesmixed.elsewhere.brms import brms_text

        text = brms_text(model, data)
    elif program == "bambi":
        from bayesmixed.elsewhere.bambi import bambi_text

        text = bambi_text(model, data)
    else:
        from bayesmixed.elsewhere.lme4 import lme4_text

        text = lme4_text(model.design, data)
    return Script(program, text, data, model.design)


def refit_of_reml(fit: "RemlFit", program: str, data: str = "table.csv") -> Script:
    """The same fit by (restricted) maximum likelihood, as a script that says what was found here.

    Raises
    ------
    RemlError
        A Bayesian program, which needs priors.
    DesignError
        The program cannot say it.
    """
    from bayesmixed.elsewhere.lme4 import lme4_text
    from bayesmixed.elsewhere.words import found_here

    if _checked(program, data) != "lme4":
        raise RemlError(f"a {fit.method} fit has no priors, which {program} needs: use model.code({program!r})")
    return Script("lme4", lme4_text(fit.design, data, fit.method, found_here(fit)), data, fit.design)


def _checked(program: str, data: str) -> str:
    check_choice("program", program, PROGRAMS, DesignError)
    if not isinstance(data, str) or not data:
        raise DesignError(f"data must be the path of a table, as text, not {data!r}")
    return program
