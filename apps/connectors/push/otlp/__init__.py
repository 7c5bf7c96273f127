"""OTLP/HTTP: bytes to what they tell, in protobuf and in JSON, and the answers."""
