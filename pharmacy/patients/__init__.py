"""Who the medicine is for, and what they answered when asked about their health."""
