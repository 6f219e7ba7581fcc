"""Papers as the running house gives them: frozen forms of the database, the shipped bank's assessment plan."""

from __future__ import annotations

from sqlmodel import Session

from sjt.authoring import service as authoring
from sjt.authoring.snapshot import Paper
from tests.builders.rooms import BankSource, FormFacts


class Published(BankSource):
    """For a database that holds forms (``builders.forms.put_form``) but no bank with plans."""

    def paper(self, session: Session, form_id: str) -> Paper:
        return authoring.paper(session, form_id)

    def form_facts(self, session: Session, form_id: str) -> FormFacts:
        found = authoring.form_facts(session, form_id)
        return FormFacts(found.form_id, found.title, found.option, found.snapshot_sha256)
