"""Power cuts and kills: a disk that loses unsynced writes, and sessions written until the power fails."""
