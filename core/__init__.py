"""Plain helpers under every app; knows nothing of campaigns and holds no models' tables."""
