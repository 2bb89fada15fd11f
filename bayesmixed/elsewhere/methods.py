"""The method ``code`` of models and fits."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bayesmixed.elsewhere.script import Script


class ModelElsewhere:
    """``model.code(program)``."""

    def code(self: Any, program: str, data: str = "table.csv") -> "Script":
        """The same model in lme4, brms or Bambi: code to check this package with.

        The formula is translated with its transformations (what they have learnt as numbers), reference levels,
        weights and offset; for brms and Bambi also the priors, with their numbers. What the program cannot say is
        an error, or a comment where the rest is exact.

        Parameters
        ----------
        program : {"lme4", "brms", "bambi"}
            lme4 has no priors: it gives what ``model.reml()`` gives.
        data : str
            Path of the table as the code reads it; ``code(...).write_table()`` writes the rows in use there.

        Returns
        -------
        Script
            Prints as code; ``text`` is a string.

        Raises
        ------
        DesignError, PriorError
            The program cannot say it; one line tells what.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
        >>> model.code("lme4")
        # Yield ~ 1 + (1 | Batch) in R with lme4: 30 rows, 6 groups of Batch
        library(lme4)
        table <- read.csv("table.csv", colClasses = c(Batch = "character"))
        fit <- lmer(Yield ~ 1 + (1 | Batch), table, REML = TRUE)
        summary(fit)
        """
        from bayesmixed.elsewhere.programs import script_of_model

        return script_of_model(self, program, data)


class FitElsewhere:
    """``fit.code(program)``."""

    def code(self: Any, program: str, data: str = "table.csv") -> "Script":
        """The same model in lme4, brms or Bambi; see `MixedModel.code`."""
        script: Script = self.model.code(program, data)
        return script


class RemlElsewhere:
    """``reml.code(program)``."""

    def code(self: Any, program: str = "lme4", data: str = "table.csv") -> "Script":
        """The same fit by lme4's ``lmer``, REML or ML as here; see `MixedModel.code`.

        Parameters
        ----------
        program : {"lme4"}
        data : str

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff")).reml("ML")
        >>> print(fit.code().text.splitlines()[-2])
        fit <- lmer(Yield ~ 1 + (1 | Batch), table, REML = FALSE)
        """
        from bayesmixed.elsewhere.programs import refit_of_reml

        return refit_of_reml(self, program, data)
