"""Maestro ML: a registry of machine-learning work for many tenants."""
