"""The HTTP surface: one application on one port, one package or module per API."""
