"""What runs in a process of its own; the modules here know numpy and their own library only.

``run.py`` is started by path, perhaps by another python in whose environment edgeopt is not.
"""
