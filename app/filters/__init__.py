"""How do callers say which runs they mean?"""
