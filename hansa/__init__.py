"""Hansa makes one cloud out of many; `docs/architecture.md` is the picture of this house."""

__version__ = '0.1.0'
