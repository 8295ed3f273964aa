"""Brokers of the operator's choice: NATS JetStream, Redis Streams, Kafka and MQTT."""
