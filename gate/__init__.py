"""The kernel: what a check is, how it is run, judged and decided upon."""
