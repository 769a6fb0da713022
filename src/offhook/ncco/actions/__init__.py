"""NCCO actions: one module per action, with its fields, checks and behaviour.

`base` is the contract. `registry` lists the actions and the sentences for those that are refused.
"""
