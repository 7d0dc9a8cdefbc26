"""What api and web share: sessions, dependencies, problem details."""
