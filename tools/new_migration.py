"""Write the next migration from the difference between the tables and the newest revision.

python tools/new_migration.py "what changes"

The generated file is a start, to be read and mended. Triggers and functions are added as text files beside it
(`NNNN.sqlite.sql`, `NNNN.postgresql.sql`), statements parted by a line `-- next`, so that history stays what it was.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from sjt import db
from sjt.migrations import runner


def main() -> None:
    message = sys.argv[1]
    number = len(list(ScriptDirectory.from_config(runner.config()).walk_revisions())) + 1
    name = f"{number:04d}"
    runner.load_tables()
    with tempfile.TemporaryDirectory() as folder:
        database = db.Database(f"sqlite:///{Path(folder) / 'x.sqlite'}")
        if number > 1:
            runner.upgrade(database)
        with database.engine.connect() as connection, connection.begin():
            command.revision(runner.config(connection), message=message, autogenerate=True, rev_id=name)
    versions = Path(runner.__file__).resolve().parent / "versions"
    if number == 1:
        for dialect in ("sqlite", "postgresql"):
            text = "\n-- next\n".join(runner.raw_sql(dialect)) + "\n"
            (versions / f"{name}.{dialect}.sql").write_text(text, encoding="utf-8")
    print(f"Wrote revision {name}: {message}. Read it before you commit it.")


if __name__ == "__main__":
    main()
