"""The one command, `candor`. The only room that may know all others."""
