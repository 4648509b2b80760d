"""The simulation study: what the rules of progress do, for people of whom the truth is known. `make study` runs it."""
