"""Concord: the open service by which cities on two sides of a border help each other in a disaster."""
