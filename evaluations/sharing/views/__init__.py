"""The pages on which an evaluation is shared, discussed and accounted for."""
