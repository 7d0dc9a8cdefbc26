"""Signed intake: the bytes kept as evidence, and the regimen that they order."""
