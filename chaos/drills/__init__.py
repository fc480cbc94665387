"""Does the recovery tool bring the service back from a disaster?"""
