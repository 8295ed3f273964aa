"""Measures of the field, each written from its definition: NumPy in, numbers out."""
