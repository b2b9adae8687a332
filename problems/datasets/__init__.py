"""Data sets of labelled images: loaders, and partitions among nodes."""
