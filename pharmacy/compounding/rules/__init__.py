"""The arithmetic of a batch, with its working; dates and acceptance limits of capsules. Pure."""
