"""Portico: decision support for radiotherapy after surgery for bone metastases."""

__all__ = ["__version__"]

__version__ = "0.1.0"
