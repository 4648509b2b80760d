"""The simulation study: how the rules of progress perform for people whose true course is known. See `make study`."""
