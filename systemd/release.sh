# A release, part of install.sh: named after what it is made of, built beside the others, removed when it is old. Uses say,
# die, dry and the places of install.sh, and `python` of machine.sh.

parts=(bot.py sentiment.py agent store desk systemd logrotate docs crontab requirements.lock LICENSE)

# The same sources, packages and Python give the same name, so that a second run finds the release there.
name_release() {
    local version hash part have=()
    for part in "${parts[@]}"; do [ ! -e "$source_folder/$part" ] || have+=("$part"); done
    version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$source_folder/agent/__init__.py")
    hash=$(cd "$source_folder" && { "$python" -VV || true; echo "$desk"
        find "${have[@]}" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; } | sha256sum | cut -c1-10)
    printf '%s/releases/%s-%s' "$prefix" "$version" "$hash"
}

# Wheels only and only those of the lock's hashes, fetched by a user who may do nothing; root just copies the files.
fetch_packages() {
    local where=() lock locks=(requirements.lock)
    [ -z "$desk" ] || locks+=(desk/dashboard/requirements.lock)
    for lock in "${locks[@]}" ${desk:+desk/dashboard/vendor.txt}; do install -D -m 0644 "$source_folder/$lock" "$work/$lock"; done
    if [ -d "$source_folder/wheels" ]; then
        cp -R "$source_folder/wheels" "$work/"
        where=(--no-index --find-links "$work/wheels")
    fi
    chmod -R a+rX "$work" && chown nobody "$work"
    (
        cd "$work"
        nobody() { HOME=$work setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups --no-new-privs "$@"; }
        nobody "$python" -m venv pip
        for lock in "${locks[@]}"; do
            nobody pip/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-input \
                --no-compile --require-hashes --only-binary :all: "${where[@]}" --target "packages/$lock" -r "$lock"
        done
        # Of the chart's library only two files are wanted, out of a package that is not to be installed.
        [ -z "$desk" ] || nobody pip/bin/python -m pip download --quiet --disable-pip-version-check --no-cache-dir \
            --no-input --no-deps --require-hashes --only-binary :all: "${where[@]}" --dest chart \
            -r desk/dashboard/vendor.txt
    ) || die "the packages of ${locks[*]} could not be had; is the network there? Else carry them along, for each:
moss: python3 -m pip download --require-hashes --only-binary :all: -d wheels -r requirements.lock"
}

# Arguments: the environment's name, the lock whose packages it gets. For build_release.
make_venv() {
    local place
    "$python" -m venv --without-pip "$new/$1"
    place=$(echo "$new/$1"/lib/python3*/site-packages)
    cp -R "$work/packages/$2/." "$place/"
    "$new/$1/bin/python" -m compileall -q -s "$new" -p "$release" "$place"
}

# True if every file is as it was built: not emptied by a cut of power, not rotted.
is_whole() { (cd "$1" && sha256sum --check --strict --status files.sha256) 2>/dev/null; }

# `built` says whether it made one.
build_release() {
    local work new part
    if [ -d "$release" ]; then
        if is_whole "$release"; then say "$release is there already"; return; fi
        say "$release is there, but some of it is lost"
    fi
    say "building $release"
    built=yes
    if [ -n "$dry" ]; then printf 'would build: %s\n' "$release"; return; fi
    work=$(mktemp -d /var/tmp/moss.XXXXXX)
    trap 'rm -rf "${work:-}" "$prefix"/releases/.new' EXIT
    fetch_packages
    new=$prefix/releases/.new
    rm -rf "$new" && mkdir -p "$new"
    for part in "${parts[@]}"; do
        [ ! -e "$source_folder/$part" ] || cp -R "$source_folder/$part" "$new/"
    done
    find "$new" -name __pycache__ -type d -prune -exec rm -rf {} +
    make_venv venv requirements.lock
    if [ -n "$desk" ]; then
        make_venv desk-venv desk/dashboard/requirements.lock
        PYTHONPATH=$new "$new/desk-venv/bin/python" -P -B -m desk.dashboard.vendor "$work"/chart/*.whl
    fi
    # No process of moss may write anything but records, so what Python would cache is made here.
    "$new/venv/bin/python" -m compileall -q -s "$new" -p "$release" "$new/agent" "$new/store" "$new/desk"
    (cd "$new" && find . -type f ! -name files.sha256 -print0 | xargs -0 sha256sum >files.sha256)
    chmod -R a+rX,go-w "$new"
    # On the disk before it has its name: a cut of power later leaves it whole.
    sync -f "$new"
    rm -rf "$release"
    mv -T "$new" "$release"
    rm -rf "$work"
}

# Keeps the one that runs, the one before it and the newest other.
remove_old_releases() {
    local kept=0 old
    [ -z "$dry" ] || return 0
    # shellcheck disable=SC2045 # by age; the names are ours and hold no blanks
    for old in $(ls -1dt "$prefix"/releases/*); do
        if [ "$old" = "$release" ] || [ "$old" = "$before" ]; then continue; fi
        kept=$((kept + 1))
        [ "$kept" -le 1 ] || rm -rf "$old"
    done
}
