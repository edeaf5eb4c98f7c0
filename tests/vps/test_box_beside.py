"""Under a real systemd, in the unit's own sandbox: the bot starts the programs beside it, and they do their work."""

from typing import Any

from tests.scripts import records, wait_for
from tests.vps.box import Box

DATA = "/var/lib/moss"
BACKUPS = "/var/backups/moss"


def of_kind(box: Box, kind: str) -> list[dict[str, Any]]:
    return [event for event in records(box.path(DATA), "events") if event["kind"] == kind]


def test_bot_reports_sums_up_and_backs_up_inside_its_sandbox(box: Box) -> None:
    box.ask(f"install -d -o moss -g moss {BACKUPS}; mkdir -p /etc/systemd/system/moss-bot.service.d")
    box.path("/etc/systemd/system/moss-bot.service.d/backup.conf").write_text(f"[Service]\nReadWritePaths={BACKUPS}\n")
    config = box.path("/etc/moss/moss.toml")
    config.write_text(f'{config.read_text()}[backup]\nfolder = "{BACKUPS}"\n')
    box.ask("systemctl daemon-reload && systemctl restart moss-bot")
    before = box.ask("systemctl show --property MainPID --value moss-bot")
    try:
        # A day of the built-in market takes 144 s there.
        wait_for(lambda: bool(of_kind(box, "report")), limit_s=60)
        wait_for(lambda: bool(of_kind(box, "backup")), limit_s=300)
        wait_for(lambda: bool(of_kind(box, "summary")), limit_s=60)
    finally:
        journal = box.ask("journalctl --no-pager --unit moss-bot | tail -n 40")
    (backup,) = of_kind(box, "backup")
    assert backup["verified"], journal
    assert box.ask("systemctl show --property MainPID --value moss-bot") == before
    assert not [event for event in of_kind(box, "error") if "job" in event], journal
    report = of_kind(box, "report")[-1]
    assert report["rss_kib"] > 1_000
    assert report["disk_free_mib"] > 0
