"""Which fields of a body set what is not their sender's to set?"""
