"""JSON for other systems, one module per feature."""
