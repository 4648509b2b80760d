"""Stored results interpreted: progress, the report, calibrations and circumstances."""
