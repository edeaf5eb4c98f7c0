"""What a config asks for, as the parts that do it; the live loop and the replay are put together from the same."""

from agent.market.bank import Terms
from agent.market.hours import Hours
from agent.market.strategy import Plan
from agent.settings import Config, minutes


def plan_of(config: Config) -> Plan:
    """Return the strategy; only the one that is named is imported.

    Raises: ConfigError where it is a file that cannot be used.
    """
    strategy = config.strategy
    if strategy.name == "sma_cross":
        return sma_cross(strategy.fast, strategy.slow)
    from agent.plans import plan_of_another  # most boxes follow the default

    return plan_of_another(strategy)


def sma_cross(fast: int, slow: int) -> Plan:
    """Return the plan of `sma_cross` with averages over that many minutes."""
    from agent.market.strategies.sma_cross import SmaCross

    return Plan("sma_cross", {"fast": fast, "slow": slow}, lambda: SmaCross(fast, slow))


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
