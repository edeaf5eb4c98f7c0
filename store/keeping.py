"""The commands that keep the records safe, and hand them to other programs.

What they take to import, all others would wait for; so each imports it when it is asked for.
"""

import argparse
from pathlib import Path

from store.console import DONE, FAILED, name, say, write_text

_DAYS_MAX = 36_500
FILE = "NAME.jsonl; its rotated segments are read with it"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Give the parser these commands."""
    backup = commands.add_parser("backup", help="back up a data folder while it is written to, and verify that")
    backup.add_argument("folder", metavar="DIR", help="the data folder")
    backup.add_argument("to", metavar="DEST", help="a folder that keeps many, or an archive: NAME.tar.gz")
    backup.add_argument("--config", metavar="FILE", help="a configuration to keep with it")
    backup.add_argument("--keep-d", type=_days, default=0, metavar="D", help="remove backups older than D days")
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="bring a backup back into an empty folder")
    restore.add_argument("backup", metavar="BACKUP", help="an archive, a backup, or a folder of them: the newest")
    restore.add_argument("folder", metavar="DIR", help="where to; made if it is not there")
    restore.add_argument("--damaged", action="store_true", help="where the backup is damaged: bring back what there is")
    restore.set_defaults(run=_restore)

    prune = commands.add_parser("prune", help="remove old segments that the newest backup was found to hold")
    prune.add_argument("folder", metavar="DIR", help="the data folder")
    prune.add_argument("backups", metavar="BACKUPS", help="the folder of backups")
    prune.add_argument("--keep-d", type=_days, required=True, metavar="D", help="days of records that stay")
    prune.add_argument("--dry-run", action="store_true", help="only tell")
    prune.set_defaults(run=_prune)

    export = commands.add_parser("export", help="write a stream as a table")
    export.add_argument("file", metavar="FILE", help=FILE)
    export.add_argument("out", metavar="OUT", help="OUT.csv, OUT.sqlite (gets what is new) or OUT.parquet")
    export.set_defaults(run=_export)


def _backup(options: argparse.Namespace) -> int:
    from store.backup import backup

    made = backup(options.folder, options.to, config=options.config, keep_d=options.keep_d)
    files, size_bytes = len(made.manifest.entries), sum(each.size_bytes for each in made.manifest.entries.values())
    sound = "not all sound" if made.damaged else "all verified"
    write_text(f"{made.path}: {files} files, {size_bytes} bytes of content, {made.copied} files copied, {sound}")
    for path in made.removed:
        write_text(f"{path}: removed, older than {options.keep_d} days")
    for why in made.damaged:
        say(why)
    return FAILED if made.damaged else DONE


def _restore(options: argparse.Namespace) -> int:
    from store.content import CONFIG_NAME
    from store.restore import restore

    damaged: list[str] = []
    manifest = restore(options.backup, options.folder, on_damage=damaged.append if options.damaged else None)
    sound = f"{len(damaged)} DAMAGED or missing" if damaged else "all verified"
    write_text(f"{options.folder}: {len(manifest.entries)} files as of {manifest.made}, {sound}")
    for why in damaged:
        say(why)
    if (config := Path(options.folder) / CONFIG_NAME).exists():
        write_text(f"the configuration is {config}: move it to where it belongs")
    return FAILED if damaged else DONE


def _prune(options: argparse.Namespace) -> int:
    from store.prune import prune

    if options.keep_d == 0:
        say("--keep-d 0 keeps everything for ever; nothing to do")
    count = 0
    for done in prune(options.folder, options.backups, options.keep_d, is_trial=options.dry_run):
        if isinstance(done, str):
            count += 1
            write_text(f"{done}: {'would be removed' if options.dry_run else 'removed'}")
        else:
            say(f"{done.segment}: stays, {done.why}")
    write_text(f"{count} segments {'would be removed' if options.dry_run else 'removed'}")
    return DONE


def _export(options: argparse.Namespace) -> int:
    from store.export import export

    name(options.file)
    write_text(f"{options.out}: {export(options.file, options.out)} records written")
    return DONE


def count(text: str) -> int:
    """Read a number of things that a person gave."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _days(text: str) -> int:
    if (number := count(text)) > _DAYS_MAX:
        raise argparse.ArgumentTypeError(
            f"{text} days are more than {_DAYS_MAX}, a hundred years; 0 keeps all for ever"
        )
    return number
