"""Orders that a carrier takes: where they may go, under which number, and what came of it."""
