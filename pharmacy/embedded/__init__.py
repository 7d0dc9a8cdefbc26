"""A real PostgreSQL and a real Valkey from wheels, started on private sockets."""
