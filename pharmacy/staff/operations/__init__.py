"""What is done to accounts, sessions and EHR clients."""
