"""Turns samples into heel, knee and distance states."""
