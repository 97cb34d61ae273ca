"""Array functions: arrays and scalars in, arrays and scalars out."""
