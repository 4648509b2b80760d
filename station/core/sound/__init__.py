"""The cues, and when they play."""
