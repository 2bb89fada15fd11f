"""Frequentist coverage of 95 % intervals in small clustered designs: ``python -m proof.coverage``."""
