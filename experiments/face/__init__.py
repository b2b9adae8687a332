"""Where to cut a neural network between edge and cloud, and how to schedule its tasks."""
