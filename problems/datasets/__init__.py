"""Labelled images: loaders, and their partition among nodes."""
