"""Models of Bambi taken over with their priors, and models of ours given to Bambi."""

from bayesmixed.bambi_models.incoming import from_bambi
from bayesmixed.bambi_models.outgoing import to_bambi

__all__ = ["from_bambi", "to_bambi"]
