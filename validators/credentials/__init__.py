"""What is a credential worth, where does it come from, and when does it end?"""
