"""Power cuts and kills: a disk that forgets, and sittings written until the moment that the power goes."""
