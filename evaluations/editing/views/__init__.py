"""The pages on which the catalogue is edited, and those on which everyone sees how it was."""
