"""The board as the loop sees it: its sensors between runs, its outputs and its position."""
