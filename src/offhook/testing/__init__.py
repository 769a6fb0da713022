"""Worlds in virtual time: the whole platform in one thread, deterministic, without sleeps."""
