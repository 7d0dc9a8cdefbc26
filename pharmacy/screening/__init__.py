"""Contraindications and interactions: rules as data, findings, decisions."""
