"""How did the schema come to be?"""
