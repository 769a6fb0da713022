"""NCCO documents and the machine that runs them: no I/O, no clock, no audio.

`document` checks and coerces, `interpreter` runs, `effects` and `events` are all that passes in and out.
The rules are written down in docs/specs/ncco.md.
"""
