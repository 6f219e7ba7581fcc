"""A bank in and out: from a folder or an archive into rows, checked whole before, and back byte for byte."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import checks, store
from sjt.authoring.arriving import Arrival, Elsewhere, arrival, check_word
from sjt.authoring.bank import Reading, key_file, load_files, read_files, scenario_file, write_files
from sjt.authoring.blueprint_versions import keep_all
from sjt.authoring.checks import Report
from sjt.authoring.life import BY_FILES, BY_ILLUSTRATION, BY_WORD, OUTSIDE
from sjt.authoring.model import Bank
from sjt.authoring.moving import put_move, put_moves
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import BankFile, BankRow, ScenarioRow, ScenarioVersion
from sjt.errors import Fault, InputError

PRACTICE = "practice-"
"""What ids of the practice test's scenarios begin with; anybody may see their keys."""
MAX_ARCHIVE_FILES = 5_000
MAX_ARCHIVE_BYTES = 64_000_000
"""What an archive may unpack to; the example bank has 1 MB, a bank of 600 scenarios under 10."""
KEPT = 4
_prepared: dict[tuple[str, date], Prepared] = {}


@dataclass(frozen=True)
class Prepared:
    """A bank that was read and checked; the work that must not be done inside a transaction."""

    files: Mapping[str, bytes]
    sha256: str
    reading: Reading
    report: Report

    @property
    def sound(self) -> Bank:
        """The bank, or InputError with every fault."""
        if self.report.errors or self.reading.bank is None:
            faults = [Fault(f.file, f"line {f.line}", f.rule, f.message, f.remedy) for f in self.report.errors]
            count = f"{len(faults)} error" + ("" if len(faults) == 1 else "s")
            raise InputError(f"The bank was not imported: it has {count}. Nothing was changed.", faults)
        return self.reading.bank


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    bank_id: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    left_out: tuple[str, ...]
    same: int
    arrival: Arrival


def content_sha256(files: Mapping[str, bytes]) -> str:
    """Hash names and bytes of all files of a bank."""
    return sha256_of({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def sha256_of(hashes: Mapping[str, str]) -> str:
    """Hash names and hashes of all files of a bank: what ``content_sha256`` gives for their bytes."""
    digest = hashlib.sha256()
    for name, sha256 in sorted(hashes.items()):
        digest.update(f"{sha256}  {name}\n".encode())
    return digest.hexdigest()


def prepare(files: Mapping[str, bytes], *, today: date) -> Prepared:
    """Read and check a bank; remembered by content, since a page and the deed after it ask for the same."""
    sha256 = content_sha256(files)
    found = _prepared.get((sha256, today))
    if found is None:
        reading = load_files(files)
        found = Prepared(files, sha256, reading, checks.check(reading, today=today))
        while len(_prepared) >= KEPT:
            _prepared.pop(next(iter(_prepared)))
        _prepared[sha256, today] = found
    return found


def prepare_directory(directory: Path, *, today: date) -> Prepared:
    return prepare(read_files(directory), today=today)


def files_of_zip(data: bytes) -> dict[str, bytes]:
    """Unpack an uploaded archive; one folder around the bank is taken off, hidden files are left out."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _refuse_unsafe(entries)
        found = {entry.filename: archive.read(entry) for entry in entries if _is_kept(entry.filename)}
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise InputError("This is not a zip archive that can be read. Pack the bank's folder as .zip again.") from error
    tops = {PurePosixPath(name).parts[0] for name in found}
    if "bank.toml" not in found and len(tops) == 1:
        top = tops.pop() + "/"
        found = {name.removeprefix(top): content for name, content in found.items()}
    if not found:
        raise InputError("The archive holds no files. Pack the folder that holds bank.toml.")
    return dict(sorted(found.items()))


def checked_archive(data: bytes, *, today: date) -> tuple[Prepared | None, InputError | None]:
    """Read and check an uploaded archive: the bank, or what is wrong with it."""
    try:
        ready = prepare(files_of_zip(data), today=today)
        assert ready.sound
    except InputError as error:
        return None, error
    return ready, None


def _is_kept(name: str) -> bool:
    return not any(part.startswith(".") or part in ("__MACOSX", "__pycache__") for part in PurePosixPath(name).parts)


def _refuse_unsafe(entries: list[zipfile.ZipInfo]) -> None:
    faults = []
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            faults.append(Fault(entry.filename, "", "name", "It leads out of the archive.", "Pack the folder again."))
        if entry.flag_bits & 1:
            faults.append(Fault(entry.filename, "", "", "It is encrypted.", "Pack it without a password."))
    if len(entries) > MAX_ARCHIVE_FILES or sum(entry.file_size for entry in entries) > MAX_ARCHIVE_BYTES:
        what = f"It holds {len(entries)} files, {sum(e.file_size for e in entries) / 1e6:.0f} MB unpacked."
        faults.append(Fault("", "", "", what, f"At most {MAX_ARCHIVE_FILES} files and 64 MB are read."))
    if faults:
        raise InputError("The archive was not read.", faults)


def zip_of_files(files: Mapping[str, bytes], folder: str) -> bytes:
    """Pack a bank; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=(2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def export_to(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write a bank into a new or empty folder, bytes as they are."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError(
            f"{directory} is not empty, so files of another version could stay behind. Give a new or empty folder."
        )
    directory.mkdir(parents=True, exist_ok=True)
    write_files(directory, files)


def refuse_practice(bank: Bank) -> None:
    """Keep the practice test's scenarios out of the database, and with that out of every form."""
    named = [scenario for scenario in bank.scenarios if scenario.id.startswith(PRACTICE)]
    faults = [
        Fault(scenario_file(one.folder), "", "id", f"{one.id} belongs to the practice test.", "Give it an id of yours.")
        for one in named
    ]
    if bank.settings.practice:
        remedy = "Leave it where it is: the practice test reads it from its files."
        faults.insert(0, Fault("bank.toml", "", "practice", "says that this bank is for practice.", remedy))
    if faults:
        raise InputError("Practice scenarios never enter the bank from which forms are made.", faults)


def put(session: Session, prepared: Prepared, *, by: Actor, now: datetime, word: Elsewhere | None = None) -> Imported:
    """Make the rows follow a checked bank: new versions where bytes differ, nothing where they do not.

    What is new or changed is a draft and goes through the gates, unless ``word`` says that it is live elsewhere, or
    the bank is an illustration.
    """
    bank = prepared.sound
    bank_id = bank.settings.id
    check_word(word, bank, by)
    refuse_practice(bank)
    _refuse_foreign(session, bank)
    row = store.bank(session, bank_id)
    current = store.current_versions(session, bank_id) if row else {}
    rows = {scenario.id: scenario for scenario in store.scenario_rows(session, bank_id)} if row else {}
    loose = dict(prepared.files)
    new: list[str] = []
    changed: list[str] = []
    versions: list[ScenarioVersion] = []
    wanted: dict[str, ScenarioVersion] = {}
    for scenario in bank.scenarios:
        wanted[scenario.id] = _version(prepared, scenario.id, scenario.folder, by=by, now=now)
        loose.pop(scenario_file(scenario.folder))
        loose.pop(prepared.reading.key_files.get(scenario.id, ""), None)
    if row is None:
        row = BankRow(id=bank_id, title=bank.settings.title, version=0, sha256="", imported_at=now, imported_by=by.id)
        session.add(row)
        session.flush()
    for scenario in bank.scenarios:
        version, known, last = wanted[scenario.id], rows.get(scenario.id), current.get(scenario.id)
        if known is None:
            version.n = 1
            rows[scenario.id] = ScenarioRow(
                id=scenario.id, bank_id=bank_id, author=scenario.author, version=1, in_bank=True
            )
            session.add(rows[scenario.id])
            new.append(scenario.id)
        elif last is None or _differs(version, last):
            version.n = max((held.n for held in store.versions(session, scenario.id)), default=0) + 1
            known.version, known.in_bank, known.author = version.n, True, scenario.author
            session.add(known)
            # a change from outside wants a new look, but never brings back what was taken out of use
            if known.state not in (ScenarioState.DRAFT, ScenarioState.SUSPENDED, ScenarioState.RETIRED):
                put_move(session, known, BY_FILES, ScenarioState.DRAFT, by=by, now=now)
            (changed if last else new).append(scenario.id)
        else:
            continue
        versions.append(version)
    left_out = [known for known in rows.values() if known.in_bank and known.id not in wanted]
    for known in left_out:
        known.in_bank = False
        session.add(known)
    session.flush()
    session.add_all(versions)
    arrived = _arrive(session, bank, rows, word, by=by, now=now)
    if loose != store.loose_files(session, bank_id, row.version):
        row.version += 1
        session.add_all(
            BankFile(
                bank_id=bank_id,
                version=row.version,
                path=path,
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
            )
            for path, content in loose.items()
        )
    keep_all(session, bank_id, loose, by=by.id, now=now)
    row.title, row.sha256, row.imported_at, row.imported_by = bank.settings.title, prepared.sha256, now, by.id
    session.add(row)
    session.flush()
    gone = tuple(sorted(known.id for known in left_out))
    done = Imported(bank_id, tuple(new), tuple(changed), gone, len(wanted) - len(new) - len(changed), arrived)
    body: dict[str, object] = {"sha256": prepared.sha256, "new": new, "changed": changed, "left_out": list(gone)}
    if arrived.illustration:
        body["live_as_illustration"] = list(arrived.illustration)
    if arrived.back:
        body["no_illustration_any_more"] = list(arrived.back)
    if word is not None:
        body["live_elsewhere"] = {
            "scenarios": list(arrived.word), "reviewed_by": word.reviewed_by, "reason": word.reason
        }  # fmt: skip
    audit.record(session, by=by, did="bank.imported", on=bank_id, at=now, body=body)
    return done


def _arrive(
    session: Session,
    bank: Bank,
    rows: Mapping[str, ScenarioRow],
    word: Elsewhere | None,
    *,
    by: Actor,
    now: datetime,
) -> Arrival:
    found = arrival(bank, rows, store.worked_on(session, OUTSIDE), store.ways_to_live(session, bank.settings.id), word)
    for ids, did, to, reason in (
        (found.illustration, BY_ILLUSTRATION, ScenarioState.LIVE, ""),
        (found.word, BY_WORD, ScenarioState.LIVE, str(word or "")),
        (found.back, BY_FILES, ScenarioState.DRAFT, "The bank or its key is no illustration any more."),
    ):
        put_moves(session, [rows[one] for one in ids], did, to, by=by, now=now, reason=reason)
    return found


def _version(prepared: Prepared, scenario_id: str, folder: str, *, by: Actor, now: datetime) -> ScenarioVersion:
    text = prepared.files[scenario_file(folder)]
    key_name = prepared.reading.key_files.get(scenario_id)
    key = prepared.files[key_name] if key_name else None
    return ScenarioVersion(
        scenario_id=scenario_id,
        n=0,
        folder=folder,
        scenario_bytes=text,
        scenario_sha256=hashlib.sha256(text).hexdigest(),
        key_folder=PurePosixPath(key_name or key_file(folder)).parts[1],
        key_bytes=key,
        key_sha256=hashlib.sha256(key).hexdigest() if key is not None else "",
        created_at=now,
        created_by=by.id,
    )


def _differs(a: ScenarioVersion, b: ScenarioVersion) -> bool:
    return (a.scenario_sha256, a.key_sha256, a.folder, a.key_folder) != (
        b.scenario_sha256,
        b.key_sha256,
        b.folder,
        b.key_folder,
    )


def _refuse_foreign(session: Session, bank: Bank) -> None:
    owners = store.owners(session, [scenario.id for scenario in bank.scenarios])
    faults = [
        Fault(
            scenario_file(scenario.folder),
            "",
            "id",
            f"{scenario.id} belongs to bank {owners[scenario.id]} already.",
            "Give it an id of its own.",
        )
        for scenario in bank.scenarios
        if owners.get(scenario.id, bank.settings.id) != bank.settings.id
    ]
    if faults:
        raise InputError("The bank was not imported. Nothing was changed.", faults)
