"""Posterior predictive checks that see clustering: `Fit.check`, and what is behind it and `Fit.plot_ppc`."""
