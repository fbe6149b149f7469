"""Benchmarks: every ratio is measured in the same run as its reference, and what could not be measured fails."""
