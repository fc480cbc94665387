"""Where are the bytes of artifacts kept, and how do they come and go?"""
