"""Receipts of invented shops in layouts of our own, photographed well and badly, with their truth.

`make_samples(folder)` writes images, index.json and truth.json; the same seed gives the same receipts. The layouts
are there to measure how a reader does on paper that it has never seen: nothing in the reader may know them.
"""
