"""The demo: one prescription from a clinic's signature to labels and a tracked refill."""
