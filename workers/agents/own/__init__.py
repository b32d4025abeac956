"""Agents of one's own, in Python: one file each, and its name in the list below.

An agent of the provider `python` is answered by the function whose name is its model; `agent.py` says how to write one.
"""

from agents.own import tally

__all__ = ["tally"]
