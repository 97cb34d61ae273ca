"""A kept run as one HTML page that opens from disk without a network."""
