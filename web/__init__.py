"""The web page of the station."""
