"""The whole pharmacy on one machine: supervisor, demonstration data and the guided demo."""
