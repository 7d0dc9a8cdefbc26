"""Which capsules to make for each step of a regimen, with the working shown."""
