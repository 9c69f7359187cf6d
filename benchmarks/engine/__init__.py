"""The engine beside other packages: one module for each estimator, its contests in `CONTESTS`."""
