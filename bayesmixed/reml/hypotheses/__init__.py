"""Contrasts and F tests of coefficients: what is asked, in which words, and the answers."""
