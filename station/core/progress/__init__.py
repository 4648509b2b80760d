"""Progress over many sessions: whether a change is real, how large it is and when it began."""
