"""Which program and which rules made a result: each stored row carries both."""

APP_VERSION = "0.1.0"

RULE_VERSION = "3"
"""Grows with every change of a rule after which the same trace could give another result."""
