"""The command line: parsing, drawing, exit codes; it decides nothing about trading."""
