"""Figures of how orders flow through the pharmacy. They count steps, and never rank people."""
