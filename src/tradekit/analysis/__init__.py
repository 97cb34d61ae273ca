"""From events to trades, equity and figures."""
