"""REML beside the posterior: why they differ, computed."""
