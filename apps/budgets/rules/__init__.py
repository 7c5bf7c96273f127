"""Pure rules: periods, amounts, forecasts, the position of a budget. No ORM, clock or I/O."""
