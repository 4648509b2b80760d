"""The simulation study: how well the progress rules work for people whose true course is known. See `make study`."""
