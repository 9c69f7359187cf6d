"""Pages of the search room: lists, downloads, places, and what words mean."""
