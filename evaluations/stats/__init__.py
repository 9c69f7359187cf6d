"""The engine: pure functions of arrays. No Django, no files, no clock, no globals."""
