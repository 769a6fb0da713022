"""The process that parents all others and owns the listening sockets.

It runs no calls: it starts control and the workers, starts them again when they end, stops a control that
hangs, and hands the same open sockets to each new control so that no datagram's port ever closes.
"""
