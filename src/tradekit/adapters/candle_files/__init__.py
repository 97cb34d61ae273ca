"""Candles in files: reading one, writing one, and an exchange made of a directory of them."""
