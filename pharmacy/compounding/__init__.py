"""From label strength to weighed powder: corrections, filler, trituration, dates."""
