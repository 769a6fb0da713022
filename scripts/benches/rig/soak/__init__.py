"""Hours of mixed calls against a platform of its own: the calls, the desk that answers, what is watched."""
