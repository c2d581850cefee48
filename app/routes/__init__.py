"""What a source can ask for: one router for each page, or pair of pages."""

from app.routes import landing, leave, mailbox, message, record, report, sent, static

# The order matters: fixed addresses come before those in which a channel's id stands.
ROUTERS = (
    static.router,
    record.router,
    landing.router,
    leave.router,
    report.router,
    sent.router,
    mailbox.router,
    message.router,
)
