"""What does the service do in the background, and how does it survive a worker's death?"""
