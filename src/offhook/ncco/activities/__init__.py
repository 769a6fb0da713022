"""What outlives the action that began it: one module per background activity."""
