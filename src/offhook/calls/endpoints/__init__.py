"""One module per endpoint type: from what the application wrote to a plan that can be dialled."""
