"""Stores in SQLite files: the file itself, and what is kept in one."""
