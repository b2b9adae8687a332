"""Studies of the running system: what a window pays, and how far one master goes."""
