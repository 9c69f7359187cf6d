"""The pages of saved searches and short lists."""
