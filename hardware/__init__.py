"""The board as data: pins, wiring, dimensions, parts and build steps."""
