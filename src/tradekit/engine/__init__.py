"""The sans-IO trading core: no clock, no IO, no random number."""
