"""What can operators see of the service: numbers for Prometheus, and traces."""
