"""The plans of the strategies that are not the default; imported where one is configured."""

from agent.market.strategy import Plan
from agent.settings import Strategy


def plan_of_another(strategy: Strategy) -> Plan:
    """Return the plan of a strategy other than `sma_cross`; only the one that is named is imported.

    Raises: ConfigError where it is a file that cannot be used.
    """
    if strategy.name.startswith("file:"):
        from agent.strategy_file import plan_from

        return plan_from(strategy.name, dict(strategy.parameters))
    rsi, low, high = strategy.rsi, float(strategy.rsi_oversold), float(strategy.rsi_overbought)
    parameters: dict[str, int | float] = {"rsi": rsi, "rsi_oversold": low, "rsi_overbought": high}
    if strategy.name == "rsi":
        from agent.market.strategies.rsi import Rsi

        return Plan("rsi", parameters, lambda: Rsi(rsi, low, high))
    from agent.market.strategies.sma_rsi import SmaRsi

    fast, slow = strategy.fast, strategy.slow
    parameters |= {"fast": fast, "slow": slow}
    return Plan("sma_rsi", parameters, lambda: SmaRsi(fast, slow, rsi, low, high))
