"""The board itself: which wire goes where."""
