"""Reading catalogue files, all problems at once, and storing what they say.

`reading` turns files into cells, `records` turns cells into records whose references are checked, `store` writes them.
"""
