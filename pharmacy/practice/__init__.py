"""The pharmacy itself: its name and address, its policy values, its rows per State."""
