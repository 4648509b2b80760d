"""The rules: events in, facts out, without a clock, thread, device or file."""
