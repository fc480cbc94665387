"""What can be asked of each kind of object?"""
