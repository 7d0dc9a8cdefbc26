"""Recalls: which lots, whose capsules, what was told to whom, and what they answered."""
