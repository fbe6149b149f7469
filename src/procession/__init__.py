"""Procession: wedding suppliers' PDFs become digital forms and data, durably."""

__version__ = "0.1.0"
