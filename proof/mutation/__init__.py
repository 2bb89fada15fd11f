"""Mutation testing: small mistakes planted in the source one at a time, each of which some test should notice."""
