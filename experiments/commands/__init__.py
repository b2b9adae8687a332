"""The commands of `edgeopt`, one a file.

What is slow to import is imported inside their functions: help and bad input are answered at once.
"""
