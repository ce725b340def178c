"""Retention matrices, continual-learning metrics, statistics over seeds, and the tables made from them."""
