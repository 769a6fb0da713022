"""`offhook demo` in parts: a place to run, the platform and the application as they run, a real call, and
what was heard of it. `cli/demo.py` puts them together. Nothing here is part of a running platform.
"""
