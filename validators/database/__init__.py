"""Does the database keep tenants apart: rows, statements, connections?"""
