"""For every test."""

# Before a service freezes the garbage collector: trio, which selenium brings, has its random generator registered when
# Hypothesis is loaded, and Hypothesis then asks the collector who holds it.
import hypothesis  # noqa: F401  # loaded for its effect
