"""Tests: each module mirrors the module that it tests."""
