"""Power cuts and kills: a disk that forgets, and sessions written until the power goes."""
