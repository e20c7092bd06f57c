"""Reads and judges a folder of photographs as the service would, without a service: no database, no settings."""
