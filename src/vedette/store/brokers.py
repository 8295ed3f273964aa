"""The brokers of projects; their passwords are sealed."""

from vedette.model.broker import MOST_BROKERS, Broker
from vedette.store.register import Register
from vedette.store.tables import brokers

_register = Register(brokers, Broker, "broker", "broker_name", "streams", lambda broker: broker.streams, MOST_BROKERS)

all_of, get, hold = _register.all_of, _register.get, _register.hold
insert, rewrite, remove = _register.insert, _register.rewrite, _register.remove
