"""Words that everyone shares: refusals, quantities, identifiers, kinds of job. Pure."""
