"""The parts of the recorder: one queue of writes, and what of a run is stored through it."""
