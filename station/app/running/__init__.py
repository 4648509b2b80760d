"""A session and its run, from start to end."""
