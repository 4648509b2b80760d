"""What stored results say: progress, the report, calibrations and circumstances."""
