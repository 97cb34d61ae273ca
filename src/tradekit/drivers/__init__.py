"""They feed the engine: time, candles, user code; the only place that awaits it."""
