"""Turns readings into toe distances with an uncertainty."""
