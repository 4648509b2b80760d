"""The rules. Pure: events in, facts out, without clock, thread, device or file."""
