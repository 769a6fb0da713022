"""What the supervisor runs: one command line per child. Everything else a child reads from the settings."""



SILENCE = 3.0
"""A control process that gave no sign of life for so long hangs."""
