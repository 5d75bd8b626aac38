"""Why it decided so: explanations of some of the worst mistakes, and of an answer that is right."""

from weftnet import explain
from weftnet.errors import MissingExtra, WeftnetError
from weftnet.report.page import heading, paragraph
from weftnet.report.story import Story

_MISTAKES = 3


def reasons(story: Story) -> str:
    """Drawings of what spoke for and against, or how to get them."""
    judged = story.judged
    if judged is None or story.data is None:
        return ""
    places = judged.worst(_MISTAKES)
    surest = int(judged.loss.argmin())
    found, against = [], {}
    try:
        for place, batch in story.batches([*places, surest]):
            (told,) = explain.attribute(story.loaded, batch)
            against = told.compared_with
            title = "The best answer" if place == surest else f"Mistake: row {int(judged.rows[place])}"
            found.append((place == surest, heading(title) + explain.draw(told)))
    except MissingExtra as error:
        return paragraph(f"Not drawn: {error.what}. {error.fix}", soft=True)
    except WeftnetError as error:
        return paragraph(f"Not drawn: {error.what}.", soft=True)
    how = [paragraph(f"{name}: compared with {text}.", soft=True) for name, text in against.items()]
    drawings = [f"<div>{drawing}</div>" for _, drawing in sorted(found, key=lambda each: each[0])]
    return "".join(how) + f"<div class='charts halves'>{''.join(drawings)}</div>"
