"""Figures of publication quality, as PNG and PDF."""
