"""Access: what roles and tokens allow, and proofs of presence at the board."""
