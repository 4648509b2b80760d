"""Drivers of the real board: sensors, buzzer, light, button."""
