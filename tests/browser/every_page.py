"""One page of each kind, in the order in which a source meets them."""

from collections.abc import Iterator

from tests.browser.source import FILES, Source
from tests.support.service import Running

ERASE = "I have read this: erase it from the server"


def every_page(source: Source) -> Iterator[str]:
    """Go to each page, and say its name once it is there."""
    running: Running = source.running
    yield "landing"
    source.follow("The public record of what has arrived")
    yield "record"
    source.go("")
    source.follow("Send a report")
    yield "form"
    for summary in source.page.locator("summary").all():
        summary.click()
    yield "form, unfolded"
    source.page.get_by_role("checkbox", name="Press").uncheck()
    source.page.get_by_role("checkbox", name="Lawyers").uncheck()
    source.press("Send the report")
    yield "form, refused"
    source.page.get_by_role("checkbox", name="Press").check()
    source.field("Your report").fill("x" * 300)
    source.page.locator("input[type=file]").set_input_files(FILES)
    source.press("Send the report")
    yield "words"
    source.unfold("Check the words you wrote")
    source.field("Type the words from your paper, not from this page").fill("one")
    source.press("Check the words")
    yield "words, mistyped"
    source.unfold("If you need proof that it arrived")
    source.press("Show the number")
    yield "receipt"
    source.follow("Back to the secret words")
    source.press("I have written the words down")
    yield "mailbox, empty"
    for number in (1, 4):
        source.is_answered("Thank you.\n\n" + "long" * 60, number)
    source.follow("Write to the readers")
    yield "message"
    source.field("Your message").fill("y")
    source.press("Send the message")
    yield "mailbox"
    source.follow("Finish and leave")
    yield "left"
    source.go("mailbox")
    source.press("Open the mailbox")
    yield "door, mistyped"
    source.go("nowhere")
    yield "problem"
    assert running.process.poll() is None
