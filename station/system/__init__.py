"""Assembles the parts for the service, for simulations and for the self-check."""
