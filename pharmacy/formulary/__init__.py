"""Ingredients, fillers and capsule shells, with the figures that arithmetic needs."""
