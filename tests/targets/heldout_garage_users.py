"""The garage's tables, who is asking, and the routes of users: the first half of its service."""

from __future__ import annotations

import secrets
from itertools import count
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

from tests.targets.heldout_garage_schemas import (
    Card,
    CardCreate,
    PasswordChange,
    Token,
    User,
    UserBase,
    UserCard,
    UserCreate,
)
from tests.targets.heldout_garage_target import FLAWS, TOKENS

Row = dict[str, Any]
TABLES = ("users", "vehicles", "repairs", "photos", "bookings", "cards", "services", "reviews")
PEOPLE = (("root", "admin"), ("mia", "staff"), ("ann", "customer"), ("bob", "customer"))
CATALOGUE = (("Oil change", 60), ("Brake check", 45), ("New tyres", 320))


class Store:
    """All tables of one build, and the flaw that it has."""

    def __init__(self, flaw: str) -> None:
        if flaw and flaw not in FLAWS:
            raise ValueError(flaw)
        self.flaw = flaw or "none"  # what no flaw may pass is said as ""
        self.serial = {table: count(1) for table in TABLES}
        self.tables: dict[str, dict[int, Row]] = {table: {} for table in TABLES}
        self.tokens: dict[str, int] = {}
        for name, role in PEOPLE:
            email = f"{name}@garage.example"
            row = {"username": name, "email": email, "password": f"{name}-pw", "full_name": ""}
            self.add("users", row | {"phone": "", "role": role, "loyalty_points": 0})
            self.tokens[TOKENS[name]] = len(self.tables["users"])
        for name, price in CATALOGUE:
            self.add("services", {"name": name, "price": price})
        self.watched: set[tuple[int, int]] = set()

    def add(self, table: str, row: Row) -> Row:
        row = {"id": next(self.serial[table])} | row
        self.tables[table][row["id"]] = row
        return row

    def named(self, username: str) -> Row | None:
        users = self.tables["users"].values()
        return next((user for user in users if user["username"] == username), None)

    def rows(self, table: str, me: Row, *flaws: str) -> list[Row]:
        """Those that somebody may see."""
        everything = me["role"] != "customer" or self.flaw in flaws
        rows = self.tables[table].values()
        return [row for row in rows if everything or row["owner_id"] == me["id"]]

    def one(self, table: str, me: Row, key: int, *flaws: str) -> Row:
        for row in self.rows(table, me, *flaws):
            if row["id"] == key:
                return row
        raise HTTPException(404, f"{table[:-1].capitalize()} not found")


def opened(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


Shop = Annotated[Store, Depends(opened)]
Bearer = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]


def current_user(at: Shop, token: Bearer) -> Row:
    user = at.tables["users"].get(at.tokens.get(token, 0))
    if user is None:
        raise HTTPException(401, "Could not validate credentials", {"WWW-Authenticate": "Bearer"})
    return user


Me = Annotated[Row, Depends(current_user)]


def demand(at: Store, me: Row, flaw: str, *roles: str) -> None:
    if me["role"] not in roles and at.flaw != flaw:
        raise HTTPException(403, "Not enough permissions")


users = APIRouter(tags=["users"])


@users.post("/token", response_model=Token)
def login_for_access_token(at: Shop, form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Row:
    user = at.named(form.username)
    if user is None or user["password"] != form.password:
        raise HTTPException(400, "Incorrect username or password")
    token = secrets.token_hex(16)
    at.tokens[token] = user["id"]
    return {"access_token": token, "token_type": "bearer"}


@users.post("/register", response_model=User, status_code=201)
def register(at: Shop, body: UserCreate) -> Row:
    if at.named(body.username):
        raise HTTPException(409, "Username already registered")
    row = body.model_dump()
    if at.flaw != "register-role":
        row |= {"role": "customer"}
    return at.add("users", row | {"loyalty_points": 0})


@users.post("/logout", status_code=204)
def logout(at: Shop, token: Bearer, me: Me) -> None:  # noqa: ARG001 - somebody signed in
    """End this session; its token is no longer accepted."""
    if at.flaw != "logout-nothing":
        del at.tokens[token]


@users.get("/users/me", response_model=User)
def read_users_me(at: Shop, me: Me, x_user_id: Annotated[int | None, Header()] = None) -> Row:
    if at.flaw == "header-user" and x_user_id in at.tables["users"]:
        return at.tables["users"][x_user_id]
    return me


@users.put("/users/me", response_model=User)
def update_users_me(at: Shop, me: Me, body: UserBase) -> Row:
    given = body.model_dump()
    for kept, flaw in (("role", "profile-role"), ("loyalty_points", "profile-points")):
        if at.flaw != flaw:
            given[kept] = me[kept]
    me.update(given)
    return me


@users.post("/users/me/password", status_code=204)
def change_password(at: Shop, me: Me, token: Bearer, body: PasswordChange) -> None:
    """Change the password. All other sessions of the user are signed out."""
    if body.current_password != me["password"]:
        raise HTTPException(400, "Incorrect password")
    me["password"] = body.new_password
    if at.flaw != "password-sessions":
        at.tokens = {key: who for key, who in at.tokens.items() if who != me["id"] or key == token}


@users.get("/users/me/summary")
def read_summary(at: Shop, me: Me) -> dict[str, int]:
    tables = ("vehicles", "bookings", "cards")
    return {table: len(at.rows(table, me, "summary-all")) for table in tables}


@users.get("/users/me/cards", response_model=list[Card])
def read_cards(at: Shop, me: Me) -> list[Row]:
    return [card for card in at.tables["cards"].values() if card["owner_id"] == me["id"]]


@users.post("/users/me/cards", response_model=Card, status_code=201)
def add_card(at: Shop, me: Me, body: CardCreate) -> Row:
    row = {"owner_id": me["id"], "holder": body.holder, "last_digits": body.number[-4:]}
    return at.add("cards", row)


@users.delete("/users/me/cards/{card_id}", status_code=204)
def delete_card(at: Shop, me: Me, card_id: int) -> None:
    del at.tables["cards"][at.one("cards", me, card_id, "card-delete")["id"]]


@users.put("/users/me/watchlist/{service_id}", status_code=204)
def watch(at: Shop, me: Me, service_id: int) -> None:
    at.watched.add((me["id"], service_id))


@users.delete("/users/me/watchlist/{service_id}", status_code=204)
def unwatch(at: Shop, me: Me, service_id: int) -> None:
    at.watched.discard((me["id"], service_id))


@users.get("/users/by-username/{username}", response_model=UserCard)
def lookup_user(at: Shop, me: Me, username: str) -> Row:  # noqa: ARG001
    """Find another user, for example to recommend us to them."""
    user = at.named(username)
    if user is None:
        raise HTTPException(404, "User not found")
    shown = ("id", "username", *(("email", "phone") if at.flaw == "username-email" else ()))
    return {name: user[name] for name in shown}


@users.get("/users/{user_id}", response_model=User)
def read_user(at: Shop, me: Me, user_id: int) -> Row:
    """One's own account; staff can look at every customer."""
    if user_id != me["id"] and me["role"] == "customer" and at.flaw != "user-read":
        raise HTTPException(404, "User not found")
    if user_id not in at.tables["users"]:
        raise HTTPException(404, "User not found")
    return at.tables["users"][user_id]


@users.get("/leaderboard", response_model=list[UserCard])
def leaderboard(at: Shop, me: Me) -> list[Row]:  # noqa: ARG001
    """Who has the most loyalty points? Shown to all customers."""
    ranked = sorted(at.tables["users"].values(), key=lambda user: -user["loyalty_points"])
    return [{name: user[name] for name in ("id", "username", "loyalty_points")} for user in ranked]
