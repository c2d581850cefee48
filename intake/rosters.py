"""The rosters under which this service has run: what was newest once is never undone."""

from sqlmodel import Session, col, delete, select

from crypto.roster import Roster
from crypto.roster_memory import SeenRoster, accept_roster
from intake.store import Store
from intake.tables import RosterRow


def adopt(store: Store, roster: Roster, document: bytes, signature: bytes) -> None:
    """Take a roster as the newest, and forget those that have expired.

    Raises:
        RolledBackRosterError: a newer one was in force here.
        ForkedRosterError: another one with this serial was.
    """
    with store.database.writing() as session:
        seen = _newest(session)
        new = accept_roster(seen, roster)
        if new == seen:
            return
        session.exec(delete(RosterRow).where(col(RosterRow.expires) < store.today()))
        session.add(
            RosterRow(
                sha256=new.sha256,
                serial=new.serial,
                expires=roster.expires,
                document=document,
                signature=signature,
            )
        )


def remembered(store: Store) -> list[tuple[bytes, bytes]]:
    """List the rosters that were in force and have not expired, as document and signature."""
    with store.database.reading() as session:
        rows = session.exec(
            select(col(RosterRow.document), col(RosterRow.signature))
            .where(col(RosterRow.expires) >= store.today())
            .order_by(col(RosterRow.serial))
        ).all()
    return [(document, signature) for document, signature in rows]


def _newest(session: Session) -> SeenRoster | None:
    row = session.exec(select(RosterRow).order_by(col(RosterRow.serial).desc()).limit(1)).first()
    return None if row is None else SeenRoster(row.serial, row.sha256)
