"""How does somebody else's server hear of what happened?"""
