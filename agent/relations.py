"""What is wrong between keys that are each right alone; imported only where there is a file that may have them so."""

from agent import settings
from agent.config import Problem
from agent.settings import Config


def mistakes(config: Config) -> list[Problem]:
    """Return what does not go together."""
    strategy, opening, closing = config.strategy, config.schedule.session_open, config.schedule.session_close
    found: list[Problem] = []
    if strategy.fast >= strategy.slow:
        found.append(("strategy", "fast", f"{strategy.fast} must be smaller than slow, which is {strategy.slow}"))
    if strategy.rsi_oversold >= strategy.rsi_overbought:
        found.append(("strategy", "rsi_oversold", f"must be smaller than rsi_overbought, {strategy.rsi_overbought}"))
    if bool(opening) != bool(closing):
        found.append(("schedule", "session_open", 'and session_close go together: both a time, or both ""'))
    elif opening and opening == closing:
        found.append(("schedule", "session_close", 'equals session_open; write "" for both to trade round the clock'))
    if config.market.fallback or config.news.feeds is not settings.FEEDS:
        from agent.listing import relations

        found += relations(config)
    if config.schedule.order:
        from agent import order

        found += [("schedule", "order", mistake) for mistake in order.mistakes(config.schedule.order)]
    return found
