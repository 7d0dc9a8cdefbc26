"""Order fulfilment for a compounding pharmacy that makes low-dose naltrexone capsules."""

__version__ = "0.1.0"
