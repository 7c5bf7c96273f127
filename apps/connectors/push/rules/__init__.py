"""What pushed telemetry means. Pure: no framework, no clock, no database."""
