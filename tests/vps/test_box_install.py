"""install.sh on a server: what it leaves, an upgrade, an upgrade that fails, and a removal."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.scripts import records
from tests.vps.box import Box
from tests.vps.conftest import INSTALL, Sources, prepare, running, version

# Takes what is sent to it, and keeps nothing.
BUCKET = """
import http.server


class Bucket(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()


http.server.HTTPServer(("127.0.0.1", 8009), Bucket).serve_forever()
"""


def test_only_crons_line_is_roots_when_it_is_installed(box: Box) -> None:
    assert box.ask("systemctl is-active moss-bot") == "active"
    assert box.ask("systemctl is-enabled moss-bot") == "enabled"
    users = box.ask("ps -eo user:20,args | grep '[/]opt/moss' | cut -d' ' -f1 | sort -u")
    assert users == "moss"
    assert box.ask("find /opt/moss ! -user root -o -perm /022 ! -type l") == ""
    assert box.ask("stat -c '%U:%G %a' /var/lib/moss /var/lib/moss/prices.jsonl") == "moss:moss 750\nmoss:moss 640"
    assert "tests" not in box.ask("ls /opt/moss/current")


def test_systemd_finds_nothing_wrong_when_it_looks_at_what_runs(box: Box) -> None:
    units = "moss-bot.service moss-sentiment.service moss-alert@moss-bot.service.service"
    for unit in units.split():
        assert box.ask(f"systemd-analyze verify --man=no {unit} 2>&1") == ""
        box.ask(f"systemd-analyze security --no-pager --threshold=13 {unit}")


def test_records_are_rotated_when_logrotate_runs_as_the_distribution_has_it(box: Box) -> None:
    # As if the last rotation was long ago; twice, since a segment is compressed one rotation later.
    old = "logrotate state -- version 2\n" + "".join(
        f'"/var/lib/moss/{name}.jsonl" 2026-1-1-0:0:0\n' for name in ("prices", "signals")
    )
    for _ in range(2):
        box.path("/var/lib/logrotate/status").write_text(old)
        box.ask("systemctl start logrotate.service; sleep 2")
    names = [path.name for path in box.path("/var/lib/moss").glob("prices.jsonl-*")]
    assert sorted(name.endswith(".gz") for name in names) == [False, True]
    assert box.run("moss", "store", "verify", "/var/lib/moss").returncode == 0
    assert box.ask("systemctl is-active logrotate.timer") == "active"


def test_ordinary_user_sees_how_it_goes_when_in_the_group(box: Box) -> None:
    status = box.run("moss", "status", user="ada")
    assert status.returncode == 0, status.stderr
    assert "running" in status.stdout
    followed = box.run("timeout", "3", "tail", "-F", "-n", "1", "/var/lib/moss/prices.jsonl", user="ada")
    assert len(followed.stdout.splitlines()) > 1
    followed = box.run("timeout", "3", "moss", "tail", "prices", "-n", "1", user="ada")
    assert len(followed.stdout.splitlines()) > 1
    assert box.run("moss", "store", "tail", "/var/lib/moss/prices.jsonl", "-n", "1", user="ada").stdout.count("\n") == 1


def test_stranger_sees_no_record(box: Box) -> None:
    assert box.run("moss", "status", user="nobody").returncode == 1
    assert box.run("cat", "/var/lib/moss/prices.jsonl", user="nobody").returncode == 1


def test_only_the_unit_sees_a_secret_when_it_lies_in_the_credential_store(box: Box) -> None:
    box.ask("install -d -m 0700 /etc/credstore; echo secret >/etc/credstore/MOSS_TELEGRAM_TOKEN")
    box.ask("chmod 0600 /etc/credstore/MOSS_TELEGRAM_TOKEN; systemctl restart moss-bot")
    assert box.ask("cat /run/credentials/moss-bot.service/MOSS_TELEGRAM_TOKEN") == "secret"
    for user in ("ada", "nobody"):
        assert box.run("cat", "/run/credentials/moss-bot.service/MOSS_TELEGRAM_TOKEN", user=user).returncode == 1
    seen = "systemctl show --property MainPID --value moss-bot | xargs -I PID cat /proc/PID/cmdline /proc/PID/environ"
    assert "secret" not in box.ask(seen)
    box.ask("rm -r /etc/credstore; systemctl restart moss-bot")


def test_records_are_sent_off_the_box_by_hand_when_the_address_is_a_secret(box: Box) -> None:
    box.ask("install -d -m 0700 /etc/credstore; echo http://127.0.0.1:8009 >/etc/credstore/MOSS_BACKUP_URL")
    box.ask("echo 'ada ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ada")
    box.path("/srv/bucket.py").write_text(BUCKET)
    told = {user: box.run("moss", "night", "offbox", user=user) for user in ("root", "ada")}
    for done in told.values():
        assert done.returncode == 75, done.stderr
        assert "night: offbox: " in done.stderr
        assert "not set" not in done.stderr
    box.ask("systemd-run --quiet --unit=bucket python3 /srv/bucket.py; sleep 1")
    done = box.run("moss", "night", "offbox", user="ada")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("offbox: to ")
    # Another data folder is another.
    box.run("env", "MOSS_DATA=/var/lib/moss/other", "moss", "night", "offbox", user="ada")
    assert box.ask("stat -c %U /var/lib/moss/other") == "moss"
    box.ask("rm -r /etc/credstore /etc/sudoers.d/ada /var/lib/moss/other; systemctl stop bucket")
    assert box.ask("systemctl --failed --no-legend | grep run- || true") == ""


def test_install_does_nothing_when_it_runs_again(box: Box) -> None:
    before = running(box)
    assert "nothing to do" in box.ask(INSTALL.format("now", ""), limit_s=180)
    assert running(box) == before


def test_install_only_tells_when_it_is_a_dry_run(box: Box, sources: Sources) -> None:
    source = sources("dry")
    (source / "bot.py").write_text((source / "bot.py").read_text() + "# Another release.\n")
    before = (running(box), box.ask("find /etc /opt /usr/local -newer /run/systemd/system -printf '%p %T@\\n' | sort"))
    assert "would build" in box.ask(INSTALL.format("dry", "--dry-run"))
    assert (
        running(box),
        box.ask("find /etc /opt /usr/local -newer /run/systemd/system -printf '%p %T@\\n' | sort"),
    ) == before


def test_install_switches_when_there_is_a_new_release(box: Box, sources: Sources) -> None:
    source, before = sources("next"), running(box)
    version(source, "9.9.1")
    assert "9.9.1" in box.ask(INSTALL.format("next", ""), limit_s=180)
    after = running(box)
    assert after[0].startswith("9.9.1-")
    assert after[1] != before[1]
    events = records(box.path("/var/lib/moss"), "events")
    assert [event["version"] for event in events if event["kind"] == "start"][-1] == "9.9.1"
    assert before[0] in box.ask("ls /opt/moss/releases")


def test_install_goes_back_when_the_new_release_is_never_ready(box: Box, sources: Sources) -> None:
    source, before = sources("never"), running(box)
    version(source, "9.9.2")
    word = source / "agent/alive.py"
    word.write_text(word.read_text().replace('address = environ.get("NOTIFY_SOCKET", "")', 'address = ""'))
    begun_s = time.monotonic()
    done = box.run("bash", "-c", INSTALL.format("never", "--ready-s 8"), limit_s=180)
    assert done.returncode == 1
    assert "going back" in done.stdout
    assert time.monotonic() - begun_s < 60
    after = running(box)
    assert after[0] == before[0]
    assert box.ask("systemctl is-active moss-bot") == "active"


def test_install_goes_back_when_the_new_release_dies_at_once(box: Box, sources: Sources) -> None:
    source, before = sources("dies"), running(box)
    version(source, "9.9.3")
    (source / "bot.py").write_text("raise SystemExit(1)\n")
    assert box.run("bash", "-c", INSTALL.format("dies", ""), limit_s=180).returncode == 1
    assert running(box)[0] == before[0]
    assert box.ask("systemctl is-active moss-bot") == "active"


def test_install_leaves_no_swap_file_when_it_can_not_be_used(box: Box) -> None:
    # A machine in namespaces may have no swap.
    for _ in range(2):
        done = box.run("bash", "-c", INSTALL.format("now", "--swap 2M"), limit_s=180)
        assert done.returncode == 1
        assert "no swap file of 2M could be made" in done.stdout
        assert box.run("ls", "/swapfile").returncode != 0
    assert "swapfile" not in box.ask("cat /etc/fstab")


def test_uninstall_leaves_the_records_and_nothing_that_runs(
    boot: Callable[[Path], AbstractContextManager[Box]], sources: Sources
) -> None:
    source = sources("elsewhere")
    with boot(source.parent) as box:
        prepare(box)
        files = "find /etc/systemd /etc/cron.d /etc/logrotate.d /usr/local /opt ! -type d | sort"
        before = box.ask(files)
        box.ask(INSTALL.format("elsewhere", "--prefix=/opt/apps/moss --user ada"), limit_s=180)
        assert box.ask("systemctl is-active moss-bot") == "active"
        assert "/opt/moss" not in box.ask("cat /etc/systemd/system/moss-* /etc/logrotate.d/moss /usr/local/bin/moss")
        count = len(records(box.path("/var/lib/moss"), "prices"))
        assert "nothing to do" in box.ask(INSTALL.format("elsewhere", "--user ada"), limit_s=180)
        box.ask(INSTALL.format("elsewhere", "--uninstall"))
        assert box.ask(files) == before
        assert box.ask("ps -eo args | grep '[m]oss/current' || true") == ""
        assert len(records(box.path("/var/lib/moss"), "prices")) >= count > 0
        box.ask(INSTALL.format("elsewhere", ""), limit_s=180)
        assert box.ask("moss status | head -1").startswith("bot       running")


def test_install_goes_on_where_the_backup_ends_when_a_server_is_moved(
    boot: Callable[[Path], AbstractContextManager[Box]], sources: Sources
) -> None:
    source = sources("elsewhere")
    with boot(source.parent) as box:
        prepare(box)
        box.ask(INSTALL.format("elsewhere", ""), limit_s=180)
        box.ask("systemctl stop moss-bot")
        box.ask("moss store backup /var/lib/moss /tmp/moss.tar.gz --config /etc/moss/moss.toml")
        before = records(box.path("/var/lib/moss"), "prices")
        config = box.ask("cat /etc/moss/moss.toml")
        assert box.run("bash", "-c", INSTALL.format("elsewhere", "--restore /tmp/moss.tar.gz")).returncode == 1
        box.ask(INSTALL.format("elsewhere", "--uninstall") + "; rm -r /var/lib/moss /etc/moss; userdel moss")
        box.ask(INSTALL.format("elsewhere", "--restore /tmp/moss.tar.gz"), limit_s=180)
        after = records(box.path("/var/lib/moss"), "prices")
        assert after[: len(before)] == before
        assert len(after) > len(before) > 0
        assert box.ask("cat /etc/moss/moss.toml") == config
        assert box.ask("stat -c %U:%G /var/lib/moss/prices.jsonl") == "moss:moss"
