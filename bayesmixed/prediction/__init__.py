"""Rows and tables that a fit predicts, and their log likelihoods."""
