"""Composition: the parts put together for the service, for simulations and for the self-check."""
