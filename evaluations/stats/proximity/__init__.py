"""What living near a site does: distances, rings, access and curves. Pure functions of arrays."""
