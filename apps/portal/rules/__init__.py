"""Pure rules of the overview pages: windows of time, drivers of change, pivots."""
