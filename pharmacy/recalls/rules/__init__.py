"""What a recall starts, by when it must be done, and what its letters say. Pure."""
