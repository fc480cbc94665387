"""What can be inferred of another tenant from names, times and repeated requests?"""
