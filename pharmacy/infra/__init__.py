"""The machinery below the features: database, jobs, audit, signatures, logs, metrics."""
