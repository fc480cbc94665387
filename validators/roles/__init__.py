"""What does each role of a tenant get, and what was it promised?"""
