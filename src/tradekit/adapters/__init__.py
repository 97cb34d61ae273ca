"""The world behind the ports; only bootstrap.wiring imports from here."""
