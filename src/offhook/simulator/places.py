"""Where the simulated carrier of an instance is found."""

CARRIER_FILE = "carrier.address"
"""Below the run directory: where the simulated carrier says which port it got."""
CARRIER_SOCKET = "carrier.sock"
"""Below the run directory: where phones of other processes ask the carrier for a number."""
