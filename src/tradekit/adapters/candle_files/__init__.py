"""Candles in CSV files: reading one, and an exchange made of a directory of them."""
