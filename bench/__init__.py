"""The product's figures: `./run bench [NAME…]`.

A figure lives in a module of this package with `measure()`, which yields Figures; the module's name is the NAME.
"""
