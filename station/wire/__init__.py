"""The wire between the board's process and the page's: the station API over a Unix socket."""
