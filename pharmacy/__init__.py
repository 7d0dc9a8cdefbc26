"""Order fulfilment for a compounding pharmacy that makes low-dose naltrexone capsules."""
