"""Lots of powder and of capsules: receipt, first expired first out, ledger."""
