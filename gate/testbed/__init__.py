"""Real parts to test against: processes, tenants, faults."""
