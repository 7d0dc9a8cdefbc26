"""The second check: everything about a packed order on one screen, and its release by signature."""
