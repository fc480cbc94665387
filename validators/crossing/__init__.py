"""What does one tenant get or change by the ids, lists and references of another?"""
