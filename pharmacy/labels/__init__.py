"""What must stand on a label and a leaflet, and drawing it."""
