"""Which flaws are planted in the service? One module for each family of them."""
