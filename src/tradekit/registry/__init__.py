"""What a strategy file declares, found, checked and looked up by name."""
