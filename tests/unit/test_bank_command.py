"""The bank's counter, as a command."""

from pathlib import Path

import pytest

from tests.scripts import records, run, start, wait_for, write_config
from tests.unit.test_bot_commands import DEMO


def bank(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = run("bot.py", "bank", *arguments, "--data", folder / "data", "--config", write_config(folder, DEMO))
    return done.returncode, done.stdout, done.stderr


def test_bank_deposits_and_withdraws_money_and_assets(tmp_path: Path) -> None:
    assert bank(tmp_path, "deposit", "1000.50")[0] == 0
    assert bank(tmp_path, "deposit", "2", "KRW-BTC")[0] == 0
    assert bank(tmp_path, "withdraw", "0.5")[0] == 0
    assert bank(tmp_path, "withdraw", "0.75", "KRW-BTC")[0] == 0
    ledger = records(tmp_path / "data", "ledger")
    assert [(record["kind"], record.get("symbol"), record["amount"]) for record in ledger] == [
        ("deposit", None, "1000.5"),
        ("deposit", "KRW-BTC", "2"),
        ("withdraw", None, "0.5"),
        ("withdraw", "KRW-BTC", "0.75"),
    ]
    assert (ledger[-1]["cash"], ledger[-1]["positions"]) == ("1000", {"KRW-BTC": "1.25"})
    assert bank(tmp_path, "withdraw", "1.25", "KRW-BTC")[0] == 0
    status, out, _ = bank(tmp_path)
    assert (status, out.splitlines()[0]) == (0, "cash      1000")
    assert bank(tmp_path, "balance")[:2] == (status, out)
    assert "KRW-BTC" not in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["withdraw", "1001"], "there is 1000 of money, and 1001 was asked for"),
        (["withdraw", "1", "KRW-ETH"], "there is 0 KRW-ETH, and 1 was asked for"),
        (["deposit", "0"], "an amount is more than 0"),
        (["deposit", "-5"], "an amount is more than 0"),
        (["deposit", "nan"], "an amount is more than 0"),
        (["deposit", "1e16"], "at most 1000000000000000"),
        (["deposit", "1e-19"], "18 decimals at most"),
        (["deposit", "much"], "much: is no amount"),
        (["deposit"], "nothing: is no amount"),
    ],
)
def test_bank_moves_nothing_when_it_is_asked_for_the_impossible(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    assert bank(tmp_path, "deposit", "1000")[0] == 0
    status, _, err = bank(tmp_path, *arguments)
    # What no account could give is wrong usage; what this one can not is a failure.
    assert (status, len(records(tmp_path / "data", "ledger"))) == (1 if arguments[0] == "withdraw" else 2, 1)
    assert words in err or arguments[1] == "-5"


def test_bank_doubts_an_asset_that_no_market_has_and_holds_it_all_the_same(tmp_path: Path) -> None:
    status, _, err = bank(tmp_path, "deposit", "1", "krw-btc")
    assert status == 0
    assert "krw-btc: no market has this name, so nothing trades or values it; did you mean KRW-BTC?" in err
    assert records(tmp_path / "data", "ledger")[0]["positions"] == {"krw-btc": "1"}
    assert "no market" not in bank(tmp_path, "deposit", "1", "KRW-ETH")[2]


def test_bank_says_what_to_do_when_there_is_no_account(tmp_path: Path) -> None:
    status, _, err = bank(tmp_path, "balance")
    assert status == 1
    assert "there is no such data folder" in err


def test_bank_orders_what_a_bot_that_runs_then_does(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with start("bot.py", "run", "--config", write_config(tmp_path, DEMO), "--data", data) as process:
        try:
            wait_for(lambda: bool(records(data, "prices")))
            done = [bank(tmp_path, "deposit", "5"), bank(tmp_path, "withdraw", "0.5", "KRW-XRP")]
            # It follows within half a minute, and this machine may be busy.
            wait_for(lambda: any("order" in record for record in records(data, "ledger")), limit_s=60)
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert [status for status, *_ in done] == [0, 1]
    assert "deposit is ordered; a bot that runs follows within half a minute" in done[0][2]
    assert "there is 0 KRW-XRP, and 0.5 was asked for" in done[1][2]
    (command,) = [event for event in records(data, "events") if event["kind"] == "command"]
    (moved,) = [record for record in records(data, "ledger") if "order" in record]
    assert (moved["kind"], moved["amount"], moved["order"]) == ("deposit", "5", command["order"])
