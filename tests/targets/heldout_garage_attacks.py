"""What can an attacker with a pencil do to the garage, step by step?

`v` is ann, `a` is bob, `n` is nobody. How a body is sent stands in the step's Content-Type.
"""

from __future__ import annotations

from tests.targets.heldout_attacks import step
from tests.targets.heldout_garage_target import BOOKING, VEHICLE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data"}
REPAIRS, PHOTOS = f"{VEHICLE}/repairs", f"{VEHICLE}/photos"
REPAIR = f"{REPAIRS}/{{repair_id}}"
BOB = {"email": "bob@garage.example"}
GARAGE = [
    step("v", "POST /vehicles/", {"plate": "victim 1", "note": "victim's"}, "vv=id"),
    step("v", "POST /vehicles/", {"plate": "victim 2"}, "vv2=id"),
    step("v", f"POST {REPAIRS}", {"title": "victim's repair"}, "vr=id", vehicle_id="{vv}"),
    step("v", f"POST {PHOTOS}", {"file": "victim's photo"}, "vp=id", PARTS, vehicle_id="{vv}"),
    step("v", "POST /bookings/", {"vehicle_id": "{vv}", "remark": "victim's"}, "vb=id"),
    step("v", "POST /users/me/cards", {"holder": "victim"}, "vc=id"),
    step("a", "POST /token", {"username": "bob", "password": "bob-pw"}, "at=access_token", FORM),
    step("a", "POST /vehicles/", {"plate": "mine"}, "av=id"),
    step("a", f"GET {VEHICLE}", vehicle_id="{vv}"),
    step("a", f"GET {BOOKING}", booking_id="{vb}"),
    step("a", "GET /photos/{photo_id}", photo_id="{vp}"),
    step("a", "GET /users/{user_id}", user_id="3"),
    step("a", "GET /users/by-username/{username}", username="ann"),
    step("a", "GET /leaderboard"),
    step("a", "GET /slots/{day}", day="2030-01-01"),
    step("a", f"GET {REPAIRS}", vehicle_id="{vv}"),
    step("a", f"GET {REPAIR}", vehicle_id="{av}", repair_id="{vr}"),
    step("a", "GET /vehicles/"),
    step("a", "GET /vehicles/", {"owner_id": "3"}),
    step("a", "GET /bookings/"),
    step("a", "GET /search", {"q": "victim"}),
    step("a", "GET /users/me/summary"),
    step("a", "GET /users/me", headers={"X-User-Id": "3"}),
    step("a", "POST /contact", {"booking_id": "{vb}", "text": "what about this?"}),
    step("a", f"POST {REPAIRS}", {"title": "attacker's"}, vehicle_id="{vv}"),
    step("a", f"POST {PHOTOS}", {"file": "attacker's"}, headers=PARTS, vehicle_id="{vv}"),
    step("a", "POST /bookings/", {"vehicle_id": "{vv}"}),
    step("a", "POST /bookings/", {"vehicle_id": "{av}"}, "ab=id"),
    step("n", "POST /register", BOB | {"username": "eve", "password": "eve", "role": "admin"}),
    step("a", "POST /vehicles/", {"plate": "planted", "owner_id": 3}),
    step("a", "PUT /users/me", BOB | {"role": "staff"}),
    step("a", "PUT /users/me", BOB | {"loyalty_points": 1000}),
    step("a", f"POST {BOOKING}/approve", booking_id="{ab}"),
    step("a", "POST /services/", {"name": "attacker's service"}),
    step("a", "GET /staff/bookings"),
    step("a", "GET /admin/users"),
    step("a", "GET /admin/stats"),
    step("a", f"PUT {VEHICLE}", {"plate": "changed"}, vehicle_id="{vv}"),
    step("a", f"POST {BOOKING}/cancel", booking_id="{vb}"),
    step("a", f"PATCH {REPAIR}", {"title": "x"}, vehicle_id="{vv}", repair_id="{vr}"),
    step("a", f"PATCH {REPAIR}", {"title": "y"}, vehicle_id="{av}", repair_id="{vr}"),
    step("v", f"GET {VEHICLE}", vehicle_id="{vv}"),
    step("v", f"GET {PHOTOS}", vehicle_id="{vv}"),
    step("a", "DELETE /users/me/cards/{card_id}", card_id="{vc}"),
    step("a", "DELETE /photos/{photo_id}", photo_id="{vp}"),
    step("a", f"DELETE {VEHICLE}", vehicle_id="{vv2}"),
    step("v", "GET /users/me/summary"),
    step("a", "PATCH /admin/users/{user_id}/role", {"role": "admin"}, user_id="4"),
    step("a", "POST /users/me/password", {"current_password": "bob-pw", "new_password": "new"}),
    step("a", "GET /users/me", headers={"Authorization": "Bearer {at}"}),
    step("a", "POST /logout"),
    step("a", "GET /users/me"),
]
# Where the attacker's own words come back.
ECHOES = {"GET /search"}
