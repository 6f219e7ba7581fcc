"""sjt writes, delivers and proves situational judgement tests."""

__version__ = "0.1.0"
