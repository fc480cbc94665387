"""How fast is the service, next to the least that any such service must cost?"""
