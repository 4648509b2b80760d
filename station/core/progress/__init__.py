"""Whether a change is real, by how much and since when."""
