"""The demo: `./run demo` drives the service from a receipt photo to a redeemed code."""
