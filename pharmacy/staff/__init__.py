"""Accounts, roles, permissions, sessions, and the EHR clients that may knock."""
