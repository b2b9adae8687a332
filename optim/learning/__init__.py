"""Collaborative learning over edge and cloud (equations 5 to 7)."""
