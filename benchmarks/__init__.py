"""Speed and memory beside other packages, and validation: what is measured rather than tested."""
