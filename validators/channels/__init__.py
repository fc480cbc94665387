"""Through which channel could one tenant reach another? One file per channel."""
