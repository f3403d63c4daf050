"""Vectors, words, and how the two rankings become one."""
