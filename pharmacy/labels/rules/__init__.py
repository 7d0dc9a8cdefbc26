"""What must stand on a label and on a leaflet, in which words, and which text may not be drawn."""
