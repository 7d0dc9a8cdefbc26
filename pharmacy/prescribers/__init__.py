"""Who may prescribe: identity, keys, registries, and dated evidence of each check."""
