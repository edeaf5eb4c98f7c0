#!/usr/bin/env bash
# Installs moss on a server with systemd, as root; run again, it upgrades. What it does, in order, is `main` at the end.
set -euo pipefail
umask 022
# A plain su leaves root without the folders of useradd, cron and logrotate.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

usage() {
    cat <<'TEXT'
Usage: sudo ./systemd/install.sh [OPTION...]

Installs or upgrades moss: user and group moss, the program side by side with the one before, config, units, log
rotation, cron; starts it, and goes back to the one before if it is not ready in time.

  --dry-run          only tell what would be done; needs no root
  --prefix DIR       where the program goes (where it is already, else /opt/moss)
  --desk             also the desk, a page in the browser that is started when somebody looks; an upgrade keeps it,
                     unless systemctl disable --now moss-desk.socket has switched it off
  --user NAME        who joins the group moss and may read its data (whoever calls sudo)
  --ready-s SECONDS  how long a new bot may take to be ready (100)
  --swap SIZE        also make a swap file of that size, such as 1G, where there is no swap yet
  --journald         also keep systemd's journal below 100 MB
  --restore BACKUP   first bring the records and the config of a backup to this machine, which must have no records yet
  --uninstall        remove everything but the data, the config and the user
TEXT
}

source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
person=${SUDO_USER:-} ready_s=100 swap='' journald='' restore='' desk='' action=install dry='' built=''
# An upgrade or a removal that names no other place means the one where moss is.
prefix=$(sed -n 's|^home=\(/.*\)/current$|\1|p' /usr/local/bin/moss 2>/dev/null || true)
prefix=${prefix:-/opt/moss}
config=/etc/moss data=/var/lib/moss units=/etc/systemd/system journal=/etc/systemd/journald.conf.d/moss.conf

# A terminal that is gone is no reason to stop half way.
say() { printf 'moss: %s\n' "$*" >&2 || true; }
die() { say "$*"; exit 1; }
# Every change to the machine goes through this.
run() { if [ -n "$dry" ]; then printf 'would run: %s\n' "$*"; else "$@"; fi; }

# shellcheck source=systemd/machine.sh
. "$source_folder/systemd/machine.sh"
# shellcheck source=systemd/release.sh
. "$source_folder/systemd/release.sh"

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --*=*)
                set -- "${1%%=*}" "${1#*=}" "${@:2}"
                continue ;;
            --prefix | --user | --ready-s | --swap | --restore)
                [ $# -ge 2 ] || { say "$1 needs a value"; usage >&2; exit 2; } ;;&
            --prefix) prefix=${2%/}; shift ;;
            --user) person=$2; shift ;;
            --ready-s) ready_s=$2; shift ;;
            --swap) swap=$2; shift ;;
            --restore) restore=$2; shift ;;
            --journald) journald=yes ;;
            --desk) desk=yes ;;
            --dry-run) dry=yes ;;
            --uninstall) action=uninstall ;;
            --help | -h) usage; exit 0 ;;
            *) say "there is no option $1"; usage >&2; exit 2 ;;
        esac
        shift
    done
    case $prefix in
        # The units may not look below /home, have a /tmp of their own, and sed takes no strange letters.
        /home/* | /root/* | /tmp/* | /var/tmp/*) die "--prefix $prefix: the units can not see it; choose one below /opt" ;;
        *[!A-Za-z0-9/._-]* | *..* | [!/]* | '') die "--prefix $prefix: must be a plain absolute path" ;;
    esac
    [[ $ready_s =~ ^[0-9]+$ ]] || die "--ready-s $ready_s: must be a number of seconds"
    [ -n "$dry" ] || [ "$(id -u)" -eq 0 ] || die "needs root: sudo $0"
    # One that was switched off stays off, though its units lie there still.
    ! systemctl --quiet is-enabled moss-desk.socket 2>/dev/null || desk=yes
    [ -z "$restore" ] || restore=$(realpath -e -- "$restore" 2>/dev/null) || die "--restore: there is no such backup"
}

# Two at once would build in one folder. The lock falls with the process, however it ends.
take_lock() {
    [ -z "$dry" ] || return 0
    exec 9>/run/moss-install.lock
    flock --nonblock 9 || die "another install.sh is at work here: wait until it has ended, then run this again"
}

make_user() {
    getent group moss >/dev/null || run groupadd --system moss
    getent passwd moss >/dev/null ||
        run useradd --system --gid moss --home-dir "$data" --no-create-home --shell /usr/sbin/nologin moss
    run install -d -o moss -g moss -m 0750 "$data"
    run install -d -m 0755 "$config"
    [ -e "$config/moss.toml" ] || run install -m 0644 "$source_folder/systemd/moss.toml" "$config/moss.toml"
    [ -z "$person" ] || [ "$person" = root ] || run usermod --append --groups moss "$person"
}

# The records, and the config if the backup holds one and none was written here yet. Where a bot runs, or ever ran, there
# are records, and the store refuses.
restore_backup() {
    [ -n "$restore" ] || return 0
    run env PYTHONPATH="$release" "$release/venv/bin/python" -P -m store restore "$restore" "$data" ||
        die "nothing was restored; the line above says why"
    if [ -e "$data/moss.toml" ] && cmp -s "$config/moss.toml" "$source_folder/systemd/moss.toml"; then
        run install -m 0644 "$data/moss.toml" "$config/moss.toml"
        run rm "$data/moss.toml"
    fi
}

# Puts one file of a release in place, rewritten for this prefix; `changed` says whether it was another before.
put() {
    local from=$1 to=$2 mode=$3 text
    text=$(sed -e "s|/opt/moss/logrotate|/opt/moss/current/logrotate|g" -e "s|/opt/moss|$prefix|g" "$from")
    if [ "$text" = "$(cat "$to" 2>/dev/null)" ]; then return; fi
    changed=yes
    if [ -n "$dry" ]; then printf 'would write: %s\n' "$to"; return; fi
    # Whole or not at all, after a cut of power too, and never under a name that cron or logrotate would read.
    printf '%s\n' "$text" >"$config/.new" && chmod "$mode" "$config/.new" && sync "$config/.new" && mv -T "$config/.new" "$to"
}

# Makes a link beside the releases, `current` or `good`, lead to one of them: in one step, and on the disk.
point() {
    run ln -sfn "$2" "$prefix/$1.new"
    run mv -T "$prefix/$1.new" "$prefix/$1"
    run sync -f "$units" "$prefix"
}

# Makes a release the one that runs.
switch_to() {
    local from=$1 unit
    # A dry run has no release yet: the sources are what it would be made of.
    [ -d "$from" ] || from=$source_folder
    for unit in "$from"/systemd/*.service "$from"/systemd/*.socket; do
        [[ $unit = */moss-desk.* && -z $desk || ! -e $unit ]] || put "$unit" "$units/$(basename "$unit")" 0644
    done
    put "$from/systemd/moss.cron" /etc/cron.d/moss 0644
    put "$from/logrotate/moss" /etc/logrotate.d/moss 0644
    put "$from/systemd/moss" /usr/local/bin/moss 0755
    point current "$1"
    run systemctl daemon-reload
    run systemctl --quiet enable moss-bot.service
}

# Starts what is current; true if it says READY in time and is still the same process some seconds later: then it is `good`.
is_healthy() {
    local waiting pid left_s=$ready_s
    [ -z "$dry" ] || { run systemctl restart moss-bot.service; point good "$1"; return 0; }
    # Not timeout, which a hangup ends; and without the lock, which must fall with this script.
    systemctl restart moss-bot.service 9>&- &
    waiting=$!
    while kill -0 "$waiting" 2>/dev/null; do
        [ "$left_s" -gt 0 ] || { kill "$waiting"; return 1; }
        sleep 1
        left_s=$((left_s - 1))
    done
    wait "$waiting" || return 1
    pid=$(systemctl show --property MainPID --value moss-bot.service)
    sleep 3
    [ "$pid" -gt 0 ] && [ "$pid" = "$(systemctl show --property MainPID --value moss-bot.service)" ] || return 1
    point good "$1"
}

# The way back is the release that last was good: `current` may be one that an interrupted run never saw ready.
start_or_go_back() {
    # A session of SSH that ends here must not leave the machine on a release that nobody waits for.
    trap '' HUP PIPE
    changed=yes
    [ "$(readlink "$prefix/current")" != "$release" ] || changed=
    before=$(readlink "$prefix/good" || readlink "$prefix/current" || true)
    [ -d "$before" ] || before=
    # An installer of before left no such link: from here on an interrupted run finds one.
    [ -z "$before" ] || [ "$before" = "$release" ] || [ -n "$dry" ] || point good "$before"
    switch_to "$release"
    if [ "$before" = "$release" ] && [ -z "$changed$built" ] && systemctl --quiet is-active moss-bot.service; then
        say "nothing to do: $(basename "$release") runs"
        return
    fi
    if is_healthy "$release"; then
        [ -n "$dry" ] || say "$(basename "$release") runs"
        return
    fi
    journalctl --no-pager --quiet --lines 20 --unit moss-bot.service >&2 || true
    if [ -z "$before" ] || [ "$before" = "$release" ]; then
        run systemctl --quiet disable --now moss-bot.service || true
        die "the bot was not ready within $ready_s s, and there is none to go back to; the lines above say why"
    fi
    say "the new bot was not ready within $ready_s s; going back to $(basename "$before")"
    switch_to "$before"
    is_healthy "$before" || die "and $(basename "$before") is not ready either: see journalctl -u moss-bot"
    die "$(basename "$before") runs again; the lines above say why the new one did not"
}

# The next visit starts the desk of the release that is current now.
start_desk() {
    [ -n "$desk" ] || return 0
    run systemctl --quiet stop moss-desk.socket moss-desk.service
    run systemctl --quiet enable --now moss-desk.socket ||
        die "the desk's address can not be had: is another program at port 8001? See moss-desk.socket"
    say "the desk: http://127.0.0.1:8001 here; from elsewhere ssh -L 8001:127.0.0.1:8001 and http://localhost:8001"
}

uninstall() {
    run systemctl --quiet disable --now moss-bot.service 2>/dev/null || true
    run systemctl --quiet disable --now moss-desk.socket 2>/dev/null || true
    run systemctl --quiet stop moss-desk.service moss-sentiment.service 2>/dev/null || true
    run rm -f /etc/cron.d/moss /etc/logrotate.d/moss /usr/local/bin/moss "$units/moss-bot.service" \
        "$units/moss-sentiment.service" "$units/moss-alert@.service" "$units"/moss-desk.{service,socket}
    run systemctl daemon-reload
    run systemctl --quiet reset-failed 'moss-*' || true
    # Only what this script made, wherever --prefix points.
    run rm -rf "$prefix"/{releases,current,current.new,good,good.new}
    [ ! -d "$prefix" ] || run rmdir --ignore-fail-on-non-empty "$prefix"
    say "what stays: records in $data, config in $config, secrets in /etc/credstore, changes made by systemctl edit,"
    say "user and group moss; if --swap and --journald made them, /swapfile with its line in /etc/fstab, and $journal"
}

main() {
    read_options "$@"
    take_lock
    if [ "$action" = uninstall ]; then
        uninstall
        return
    fi
    prepare_machine
    make_user
    release=$(name_release)
    build_release
    restore_backup
    start_or_go_back
    start_desk
    remove_old_releases
    [ -z "$dry" ] || { say "this was a dry run: nothing was changed"; return; }
    say "see how it goes: moss status, moss tail signals${person:+ (as $person: after a new login)}"
}

main "$@"
