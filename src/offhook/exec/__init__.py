"""`offhook exec`: an unmodified program whose requests to Vonage's hosts reach this platform instead."""
