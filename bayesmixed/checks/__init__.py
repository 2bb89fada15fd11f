"""Posterior predictive checks that see clustering: `Fit.check`, `Fit.plot_check` and what is behind them."""
