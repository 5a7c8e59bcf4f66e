"""What the record says, now and ahead: one model for rates, forecasts and back-tests."""
