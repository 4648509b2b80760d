"""Samples become heel, knee and distance states."""
