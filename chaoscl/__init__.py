"""ChaosCL: continual learning over text and image tasks with a small chaotic spiking core."""
