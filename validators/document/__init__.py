"""What does an OpenAPI document say, in names, schemas and words?"""
