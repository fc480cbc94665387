"""What is wrong with each build of the garage, what only looks so, and how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

VEHICLE, BOOKING = "/vehicles/{vehicle_id}", "/bookings/{booking_id}"
FLAWS = {
    "vehicle-read": Planted("read", f"GET {VEHICLE}"),
    "booking-read": Planted("read", f"GET {BOOKING}"),
    "photo-read": Planted("read", "GET /photos/{photo_id}"),
    "user-read": Planted("read", "GET /users/{user_id}"),
    "username-email": Planted("read", "GET /users/by-username/{username}"),
    "repairs-list": Planted("nested", f"GET {VEHICLE}/repairs"),
    "repair-elsewhere": Planted("nested", f"GET {VEHICLE}/repairs/{{repair_id}}"),
    "repair-add": Planted("nested", f"POST {VEHICLE}/repairs"),
    "vehicle-put": Planted("write", f"PUT {VEHICLE}"),
    "booking-cancel": Planted("write", f"POST {BOOKING}/cancel"),
    "repair-patch": Planted("write", f"PATCH {VEHICLE}/repairs/{{repair_id}}"),
    "photo-add": Planted("write", f"POST {VEHICLE}/photos"),
    "vehicle-delete": Planted("delete", f"DELETE {VEHICLE}"),
    "card-delete": Planted("delete", "DELETE /users/me/cards/{card_id}"),
    "photo-delete": Planted("delete", "DELETE /photos/{photo_id}"),
    "booking-vehicle": Planted("reference", "POST /bookings/"),
    "vehicles-all": Planted("list", "GET /vehicles/"),
    "vehicles-by-owner": Planted("list", "GET /vehicles/"),
    "bookings-all": Planted("list", "GET /bookings/"),
    "search-all": Planted("search", "GET /search"),
    "summary-all": Planted("count", "GET /users/me/summary"),
    "register-role": Planted("mass assignment", "POST /register"),
    "profile-role": Planted("mass assignment", "PUT /users/me"),
    "profile-points": Planted("mass assignment", "PUT /users/me"),
    "vehicle-owner": Planted("mass assignment", "POST /vehicles/"),
    "logout-nothing": Planted("revoked", "POST /logout"),
    "password-sessions": Planted("revoked", "POST /users/me/password"),
    "header-user": Planted("header", "GET /users/me"),
    "booking-approve": Planted("function", f"POST {BOOKING}/approve"),
    "service-create": Planted("function", "POST /services/"),
    "staff-bookings": Planted("function", "GET /staff/bookings"),
    "users-listed": Planted("function", "GET /admin/users"),
    "role-change": Planted("function", "PATCH /admin/users/{user_id}/role"),
    "stats": Planted("function", "GET /admin/stats"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /services/", "the price list is public"),
    ("GET /services/{service_id}", "so is each of its lines"),
    ("GET /services/{service_id}/reviews", "reviews are public, with their authors' names"),
    ("GET /users/by-username/{username}", "customers find each other by name, and no more"),
    ("GET /leaderboard", "all customers see each other's points"),
    ("GET /slots/{day}", "how many bookings there are is everybody's business"),
    ("POST /register", "the role in the body is ignored; a taken name is refused with 409"),
    ("PUT /users/me", "role and loyalty_points in the body are ignored"),
    ("POST /vehicles/", "an owner_id in the body is ignored"),
    ("GET /vehicles/", "a customer's owner_id in the query is ignored"),
    ("GET /users/me", "the documented header X-User-Id is ignored"),
    ("GET /search", "the question is repeated in the answer"),
    ("POST /contact", "accepted for any booking's number, with nothing read or changed"),
    ("DELETE /users/me/watchlist/{service_id}", "204 also when nothing was there"),
    ("PUT /users/me/watchlist/{service_id}", "204 for a service that does not exist"),
)
TOKENS = {
    "root": "gar_root_5f0c91d2",
    "mia": "gar_mia_88d1e0b7",
    "ann": "gar_ann_3b7a45c6",
    "bob": "gar_bob_c19f20aa",
}
# Staff belong to no customer: they are written down as one customer's stronger roles.
SEATS = (("ann", "owner"), ("mia", "staff"), ("root", "admin"), ("bob", "owner"))
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
headers = {{ Authorization = "Bearer ${{{variable}}}" }}
"""
ACTORS = "".join(
    ACTOR.format(tenant="bob" if name == "bob" else "ann", role=role, variable=f"TOKEN_{name}")
    for name, role in SEATS
)
ENVIRONMENT = {f"TOKEN_{name}": token for name, token in TOKENS.items()}
HINTS = """
[hints]
roles = ["owner", "staff", "admin"]
public = ["GET /services/", "GET /services/*"]
shared = ["GET /leaderboard", "GET /slots/{day}", "GET /users/by-username/{username}"]
"""
