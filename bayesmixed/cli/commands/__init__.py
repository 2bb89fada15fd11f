"""One file a command; each imports the package's work when it runs, so that help is there at once."""
