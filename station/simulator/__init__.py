"""An emulated board below the real drivers, and a simulated person on it."""
