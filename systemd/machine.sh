# What the machine must have, part of install.sh: finds it, else installs it with the machine's own package manager, else
# says what to do. Uses say, die, run and the settings of install.sh; leaves `python` behind.

prepare_machine() {
    [ -d /run/systemd/system ] || [ -n "$dry" ] || die "systemd does not run here; for a plain crontab see docs/operations.md"
    find_python || { install_package python3-venv python3.11; find_python; } || [ -n "$dry" ] ||
        die "needs Python 3.11 or newer with venv, below /usr: install one and run this again"
    say "Python: $python"
    command -v setpriv >/dev/null || install_package util-linux util-linux
    command -v logrotate >/dev/null || install_package logrotate logrotate
    command -v cron crond >/dev/null || install_package cron cronie
    # Debian's name, then Red Hat's.
    run systemctl --quiet enable --now cron.service 2>/dev/null || run systemctl --quiet enable --now crond.service ||
        die "cron does not start: see systemctl status cron"
    keep_time
    label_data
    [ -z "$swap" ] || make_swap
    [ -z "$journald" ] || limit_journal
}

# A Python that the units can see: not one of somebody's home.
find_python() {
    local fits='import sys, venv, ensurepip
sys.exit(sys.version_info < (3, 11) or sys.base_prefix.startswith(("/home/", "/root/")))'
    for python in /usr{,/local}/bin/python3{,.13,.12,.11}; do
        if "$python" -c "$fits" 2>/dev/null; then return; fi
    done
    python=/usr/bin/python3
    return 1
}

# Arguments: the package's name on Debian and Ubuntu, and on Red Hat's family.
install_package() {
    if command -v apt-get >/dev/null; then
        run env DEBIAN_FRONTEND=noninteractive apt-get update -qq || true
        run env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1" ||
            die "could not install $1: do it by hand, then run this again"
    elif command -v dnf >/dev/null; then
        run dnf install -q -y "$2" || die "could not install $2: do it by hand, then run this again"
    else
        die "no apt-get and no dnf here: install $1 (or what it is called here), then run this again"
    fi
}

# Candles are told by the clock, so it must be right; in a container the host sees to it.
keep_time() {
    local unit
    if systemd-detect-virt --quiet --container; then return; fi
    for unit in systemd-timesyncd chrony chronyd ntp ntpd ntpsec; do
        if systemctl --quiet is-enabled "$unit.service" 2>/dev/null; then return; fi
    done
    install_package systemd-timesyncd chrony
    run systemctl --quiet enable --now systemd-timesyncd.service 2>/dev/null ||
        run systemctl --quiet enable --now chronyd.service || say "nothing keeps this clock right: install chrony"
}

# Where SELinux rules, logrotate may write only what is labelled a log.
label_data() {
    command -v selinuxenabled >/dev/null && selinuxenabled || return 0
    if command -v semanage >/dev/null; then
        run semanage fcontext --add --type var_log_t "$data(/.*)?" 2>/dev/null || true
        run mkdir -p "$data" && run restorecon -R "$data"
    else
        say "SELinux is on and semanage is missing: logrotate will not get at $data; dnf install policycoreutils-python-utils, then run this again"
    fi
}

make_swap() {
    if [ -n "$(swapon --noheadings --show 2>/dev/null)" ]; then
        say "there is swap already; it stays as it is"
        return
    fi
    [ ! -e /swapfile ] || die "/swapfile is there and not in use: swapon /swapfile, or remove it; then run this again"
    if ! { run fallocate -l "$swap" /swapfile && run chmod 0600 /swapfile &&
        run mkswap --quiet /swapfile && run swapon /swapfile; }; then
        run rm -f /swapfile
        die "no swap file of $swap could be made; the line above says why"
    fi
    [ -n "$dry" ] || grep -q '^/swapfile ' /etc/fstab || printf '/swapfile none swap sw 0 0\n' >>/etc/fstab
}

limit_journal() {
    [ -n "$dry" ] || { mkdir -p "$(dirname "$journal")" && printf '[Journal]\nSystemMaxUse=100M\n' >"$journal"; }
    run systemctl restart systemd-journald.service
}
