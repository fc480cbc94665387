"""By which field is a key made for less, and what may stand there?"""

from __future__ import annotations

from dataclasses import dataclass

from gate.model import Json
from validators.document.names import words_of
from validators.document.operations import Operation, as_list, as_object
from validators.document.schemas import kind_of
from validators.estates.estate import LEAST, Estate
from validators.estates.exchanges import SCOPES
from validators.estates.throwaways import with_fields
from validators.messages.calls import leaves
from validators.messages.refusals import offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A field by which a key is made for less: its name, what it may hold, whether it is a list."""

    name: str
    choices: tuple[str, ...]
    listed: bool

    def value(self, *scopes: str) -> Json:
        """What stands in the field for these scopes; a text holds them all (RFC 6749, 3.3)."""
        return [*scopes] if self.listed else " ".join(scopes)


def cut_for(estate: Estate, maker: Operation) -> Cut | None:
    """The field by which a key is made for less, and what the document or the service lists."""
    return cut_of(estate, maker) or learned(estate, maker)


def cut_of(estate: Estate, maker: Operation) -> Cut | None:
    """The field of the body that lists scopes, where the document says which there are."""
    properties = as_object(estate.author.simplify(dict(maker.body)).get("properties"))
    for name, each in properties.items():
        schema = estate.author.simplify(each)
        inner = estate.author.simplify(schema.get("items")) if "items" in schema else schema
        choices = tuple(str(value) for value in as_list(inner.get("enum")))
        if SCOPES & set(words_of(name)) and len(choices) > 1:
            return Cut(name=name, choices=choices, listed="items" in schema)
    return None


def switch_of(estate: Estate, maker: Operation) -> str:
    """The field that makes a key for reading only when it is true (`read_only`); "" for none."""
    properties = as_object(estate.author.simplify(dict(maker.body)).get("properties"))
    named = (name for name in properties if "".join(words_of(name)) in {"readonly", "isreadonly"})
    return next(
        (each for each in named if kind_of(estate.author.simplify(properties[each])) == "boolean"),
        "",
    )


def learned(estate: Estate, maker: Operation) -> Cut | None:
    """The same where the document does not list the scopes.

    Its words may, or the refusal of one that there is not.
    """
    properties = as_object(estate.author.simplify(dict(maker.body)).get("properties"))
    path = next(estate.ledger.fill(maker), None)
    for name, each in properties.items() if path is not None else ():
        schema = estate.author.simplify(each)
        listed = "items" in schema
        inner = estate.author.simplify(schema["items"]) if listed else schema
        if not SCOPES & set(words_of(name)) or kind_of(inner) not in {"", "string"}:
            continue
        choices = offered(f"{schema.get('description', '')}; {inner.get('description', '')}")
        if not choices:
            unheard = estate.canaries.draw()
            asked = with_fields(
                estate.write(maker, path or (), recipe=LEAST),
                {name: [unheard] if listed else unheard},
            )
            answer = estate.send(asked)
            said = "; ".join(text for _, text in leaves(answer.json())) or answer.body
            choices = () if estate.accepts(answer) else offered(said)
        if choices:
            return Cut(name=name, choices=choices, listed=listed)
    return None
