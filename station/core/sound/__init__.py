"""Cues and when they play."""
