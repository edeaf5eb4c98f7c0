"""What a config asks for, as the parts that do it; the live loop and the replay are put together from the same."""

from agent.market.bank import Terms
from agent.market.hours import Hours
from agent.market.strategies import Plan, sma_cross
from agent.settings import Config, minutes


def plan_of(config: Config) -> Plan:
    """Return the strategy."""
    return sma_cross(config.strategy.fast, config.strategy.slow)


def terms_of(config: Config) -> Terms:
    """Return what a paper trade costs."""
    return Terms(config.bank.fee_rate, config.bank.slippage_rate, config.bank.order_amount)


def hours_of(config: Config) -> Hours:
    """Return when evaluations fall due."""
    schedule = config.schedule
    opening, closing = (_of_day_s(text) for text in (schedule.session_open, schedule.session_close))
    return Hours(60 * minutes(schedule.signal), opening, closing, schedule.timezone)


def _of_day_s(text: str) -> int:
    return 3600 * int(text[:2]) + 60 * int(text[3:]) if text else 0
