"""Reminders by mail: once a day at most, of tasks on scenarios and of panels that wait for somebody's answers.

The worker runs this where a mail server is set; elsewhere queues and desks show what is overdue. A mail names what and
by when, never a story, a question or a key, and no address and no name goes into a log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any, Final

from sqlmodel import Session

from sjt.accounts import mail, reminders
from sjt.accounts import service as accounts
from sjt.authoring import tasking
from sjt.errors import Unavailable
from sjt.jobs.context import JobContext
from sjt.panels import views
from sjt.times import utc_now

SOON: Final = timedelta(days=3)
"""A mail names what is due within so many days, and goes again after as many, or on a day on which something is due."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that waits for somebody: what in a few words, and by when."""

    what: str
    day: date


def wanted(waiting: Sequence[Due], last: date | None, today: date) -> bool:
    """Tell whether a person gets a mail today."""
    if last == today or not any(one.day <= today + SOON for one in waiting):
        return False
    return last is None or today - last >= SOON or any(one.day == today for one in waiting)


def waiting_for(session: Session) -> dict[str, list[Due]]:
    """Give what waits for each person, the first due first."""
    found: dict[str, list[Due]] = defaultdict(list)
    for one in tasking.open_tasks(session):
        found[one.assignee].append(Due(f"{tasking.KIND_WORDS[one.kind]}: {one.scenario_id}", one.due))
    for person, panels in views.unanswered(session).items():
        found[person] += [Due(f"Answer the panel: {one.title}", one.due) for one in panels]
    return {person: sorted(held, key=lambda one: (one.day, one.what)) for person, held in found.items()}


def message(
    sender: str, *, to: str, name: str, organisation: str, address: str, waiting: Sequence[Due], today: date
) -> EmailMessage:
    """Write the mail."""
    lines = []
    for one in waiting:
        late = (today - one.day).days
        when = f"{late} day{'' if late == 1 else 's'} overdue" if late > 0 else f"due {one.day:%-d %B %Y}"
        lines.append(f"- {one.what}, {when}")
    made = EmailMessage()
    made["From"], made["To"] = sender, to
    made["Subject"] = f"{len(waiting)} thing{'' if len(waiting) == 1 else 's'} wait for you at {organisation}"
    made["Auto-Submitted"] = "auto-generated"
    where = f"{address}/desk" if address else "your desk"
    made.set_content(
        f"Dear {name},\n\nthis waits for you at {organisation}:\n\n" + "\n".join(lines)
        + f"\n\nYou find it all on {where}.\nWhoever asked you can move a day or put a task away.\n"
    )  # fmt: skip
    return made


def remind(args: Mapping[str, Any], context: JobContext) -> Mapping[str, Any]:
    """Mail everybody whom something waits for; a mail that was not taken is tried again on the next day."""
    url, today = context.settings.mail_url, date.fromisoformat(str(args["day"]))
    if not url:
        return {"mails": 0, "not_taken": 0}
    sender = mail.MailServer.from_url(url).sender
    with context.session() as session:
        held = waiting_for(session)
        found_here = accounts.organisation(session)
        organisation = found_here.name if found_here is not None else "sjt"
        people = {
            person: found
            for person in held
            if (found := reminders.address_of(session, person)) is not None
            and wanted(held[person], reminders.last(session, person), today)
        }
    sent = refused = 0
    for person, (name, address) in sorted(people.items()):
        context.check_cancelled()
        with context.transaction() as session:  # written first: a job that begins again mails nobody twice
            if not reminders.note(session, person, today, now=utc_now()):
                continue
        due = [one for one in held[person] if one.day <= today + SOON]
        note = message(
            sender, to=address, name=name, organisation=organisation, address=context.settings.base_url,
            waiting=due, today=today,
        )  # fmt: skip
        try:
            mail.send(url, note)
            sent += 1
        except Unavailable:
            refused += 1
            with context.transaction() as session:
                reminders.forget(session, person, today)
        context.progress(sent + refused, len(people), f"{sent} mails sent")
    return {"mails": sent, "not_taken": refused}
