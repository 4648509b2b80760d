"""The parts of the recorder: one queue of writes, and a recorder for each kind of row in a run."""
