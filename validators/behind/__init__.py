"""What of a tenant stands, stays or is heard behind the service?"""
