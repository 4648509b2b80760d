"""Exercises, poses and ready-made routines as data, and how they are read."""
