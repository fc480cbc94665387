"""A garage's booking service in FastAPI: customers own vehicles and book work, staff approve it.

Its OpenAPI document is the one that FastAPI makes. Every customer is alone with their vehicles,
bookings, photos and cards; staff and admins see all of them.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, HTTPException, Response, UploadFile

from tests.targets.heldout_garage_schemas import (
    Booking,
    BookingCreate,
    Inquiry,
    Photo,
    Repair,
    RepairCreate,
    Review,
    ReviewCreate,
    RoleChange,
    Service,
    ServiceCreate,
    User,
    Vehicle,
    VehicleCreate,
)
from tests.targets.heldout_garage_users import Me, Row, Shop, Store, demand, users

vehicles = APIRouter(tags=["vehicles"])


@vehicles.get("/vehicles/", response_model=list[Vehicle])
def read_vehicles(
    at: Shop, me: Me, owner_id: int | None = None, skip: int = 0, limit: int = 100
) -> list[Row]:
    """The customer's vehicles. Staff can ask for those of one owner."""
    found = at.rows("vehicles", me, "vehicles-all")
    if owner_id is not None and (me["role"] != "customer" or at.flaw == "vehicles-by-owner"):
        found = [row for row in at.tables["vehicles"].values() if row["owner_id"] == owner_id]
    return found[skip : skip + limit]


@vehicles.post("/vehicles/", response_model=Vehicle, status_code=201)
def create_vehicle(at: Shop, me: Me, body: VehicleCreate) -> Row:
    row = {"plate": body.plate, "model": body.model, "note": body.note, "owner_id": me["id"]}
    return at.add(
        "vehicles",
        body.model_dump()
        if at.flaw == "vehicle-owner" and "owner_id" in body.model_dump()
        else row,
    )


@vehicles.get("/vehicles/{vehicle_id}", response_model=Vehicle)
def read_vehicle(at: Shop, me: Me, vehicle_id: int) -> Row:
    return at.one("vehicles", me, vehicle_id, "vehicle-read")


@vehicles.put("/vehicles/{vehicle_id}", response_model=Vehicle)
def update_vehicle(at: Shop, me: Me, vehicle_id: int, body: VehicleCreate) -> Row:
    row = at.one("vehicles", me, vehicle_id, "vehicle-put")
    row.update(body.model_dump(include={"plate", "model", "note"}))
    return row


@vehicles.delete("/vehicles/{vehicle_id}", status_code=204)
def delete_vehicle(at: Shop, me: Me, vehicle_id: int) -> None:
    del at.tables["vehicles"][at.one("vehicles", me, vehicle_id, "vehicle-delete")["id"]]


@vehicles.get("/vehicles/{vehicle_id}/repairs", response_model=list[Repair])
def read_repairs(at: Shop, me: Me, vehicle_id: int) -> list[Row]:
    at.one("vehicles", me, vehicle_id, "repairs-list")
    return [row for row in at.tables["repairs"].values() if row["vehicle_id"] == vehicle_id]


@vehicles.post("/vehicles/{vehicle_id}/repairs", response_model=Repair, status_code=201)
def create_repair(at: Shop, me: Me, vehicle_id: int, body: RepairCreate) -> Row:
    at.one("vehicles", me, vehicle_id, "repair-add")
    return at.add("repairs", {"vehicle_id": vehicle_id} | body.model_dump())


def repair_of(at: Store, vehicle_id: int, repair_id: int, anywhere: str = "") -> Row:
    row = at.tables["repairs"].get(repair_id)
    if row is None or (row["vehicle_id"] != vehicle_id and at.flaw != anywhere):
        raise HTTPException(404, "Repair not found")
    return row


@vehicles.get("/vehicles/{vehicle_id}/repairs/{repair_id}", response_model=Repair)
def read_repair(at: Shop, me: Me, vehicle_id: int, repair_id: int) -> Row:
    at.one("vehicles", me, vehicle_id)
    return repair_of(at, vehicle_id, repair_id, "repair-elsewhere")


@vehicles.patch("/vehicles/{vehicle_id}/repairs/{repair_id}", response_model=Repair)
def update_repair(at: Shop, me: Me, vehicle_id: int, repair_id: int, body: RepairCreate) -> Row:
    at.one("vehicles", me, vehicle_id, "repair-patch")
    row = repair_of(at, vehicle_id, repair_id)
    row.update(body.model_dump(exclude_unset=True))
    return row


@vehicles.post("/vehicles/{vehicle_id}/photos", response_model=Photo, status_code=201)
def upload_photo(
    at: Shop, me: Me, vehicle_id: int, file: UploadFile, caption: Annotated[str, Form()] = ""
) -> Row:
    at.one("vehicles", me, vehicle_id, "photo-add")
    row = {"owner_id": me["id"], "vehicle_id": vehicle_id, "caption": caption}
    return at.add("photos", row | {"filename": file.filename or "", "content": file.file.read()})


@vehicles.get("/vehicles/{vehicle_id}/photos", response_model=list[Photo])
def read_photos(at: Shop, me: Me, vehicle_id: int) -> list[Row]:
    at.one("vehicles", me, vehicle_id)
    return [row for row in at.tables["photos"].values() if row["vehicle_id"] == vehicle_id]


@vehicles.get("/photos/{photo_id}", response_class=Response)
def download_photo(at: Shop, me: Me, photo_id: int) -> Response:
    photo = at.one("photos", me, photo_id, "photo-read")
    return Response(photo["content"], media_type="application/octet-stream")


@vehicles.delete("/photos/{photo_id}", status_code=204)
def delete_photo(at: Shop, me: Me, photo_id: int) -> None:
    del at.tables["photos"][at.one("photos", me, photo_id, "photo-delete")["id"]]


@vehicles.get("/search")
def search(at: Shop, me: Me, q: str) -> dict[str, Any]:
    found = at.rows("vehicles", me, "search-all")
    hits = [row for row in found if q.lower() in f"{row['plate']} {row['note']}".lower()]
    return {"query": q, "hits": [{"id": row["id"], "plate": row["plate"]} for row in hits]}


shop = APIRouter(tags=["bookings"])


@shop.get("/bookings/", response_model=list[Booking])
def read_bookings(at: Shop, me: Me) -> list[Row]:
    return at.rows("bookings", me, "bookings-all")


@shop.post("/bookings/", response_model=Booking, status_code=201)
def create_booking(at: Shop, me: Me, body: BookingCreate) -> Row:
    vehicle = at.one("vehicles", me, body.vehicle_id, "booking-vehicle")
    row = {"owner_id": me["id"], "plate": vehicle["plate"], "status": "requested"}
    return at.add("bookings", row | body.model_dump())


@shop.get("/bookings/{booking_id}", response_model=Booking)
def read_booking(at: Shop, me: Me, booking_id: int) -> Row:
    return at.one("bookings", me, booking_id, "booking-read")


@shop.post("/bookings/{booking_id}/cancel", response_model=Booking)
def cancel_booking(at: Shop, me: Me, booking_id: int) -> Row:
    row = at.one("bookings", me, booking_id, "booking-cancel")
    row["status"] = "cancelled"
    return row


@shop.post("/bookings/{booking_id}/approve", response_model=Booking)
def approve_booking(at: Shop, me: Me, booking_id: int) -> Row:
    """Accept a booking request (staff only)."""
    demand(at, me, "booking-approve", "staff", "admin")
    row = at.one("bookings", me, booking_id)
    row["status"] = "approved"
    return row


@shop.get("/slots/{day}")
def read_slots(at: Shop, me: Me, day: str) -> dict[str, Any]:  # noqa: ARG001
    """How busy is the garage on a day?"""
    taken = sum(row["day"] == day for row in at.tables["bookings"].values())
    return {"day": day, "taken": taken, "free": max(0, 1000 - taken)}


@shop.post("/contact", status_code=202)
def contact(me: Me, body: Inquiry) -> dict[str, Any]:  # noqa: ARG001
    """Ask us something about a booking; we answer by mail."""
    return {"received": True, "booking_id": body.booking_id, "text": body.text}


@shop.get("/services/", response_model=list[Service])
def read_services(at: Shop) -> list[Row]:
    """The price list, for everybody."""
    return list(at.tables["services"].values())


@shop.post("/services/", response_model=Service, status_code=201)
def create_service(at: Shop, me: Me, body: ServiceCreate) -> Row:
    """Add to the price list (admins only)."""
    demand(at, me, "service-create", "admin")
    return at.add("services", body.model_dump())


def service_of(at: Store, service_id: int) -> Row:
    if service_id not in at.tables["services"]:
        raise HTTPException(404, "Service not found")
    return at.tables["services"][service_id]


@shop.get("/services/{service_id}", response_model=Service)
def read_service(at: Shop, service_id: int) -> Row:
    return service_of(at, service_id)


@shop.get("/services/{service_id}/reviews", response_model=list[Review])
def read_reviews(at: Shop, service_id: int) -> list[Row]:
    """What customers say about a service, for everybody."""
    service_of(at, service_id)
    return [row for row in at.tables["reviews"].values() if row["service_id"] == service_id]


@shop.post("/services/{service_id}/reviews", response_model=Review, status_code=201)
def create_review(at: Shop, me: Me, service_id: int, body: ReviewCreate) -> Row:
    service_of(at, service_id)
    row = {"service_id": service_id, "author": me["username"]}
    return at.add("reviews", row | body.model_dump())


admin = APIRouter(tags=["admin"])


@admin.get("/staff/bookings", response_model=list[Booking])
def read_all_bookings(at: Shop, me: Me) -> list[Row]:
    demand(at, me, "staff-bookings", "staff", "admin")
    return list(at.tables["bookings"].values())


@admin.get("/admin/users", response_model=list[User])
def read_users(at: Shop, me: Me) -> list[Row]:
    demand(at, me, "users-listed", "admin")
    return list(at.tables["users"].values())


@admin.patch("/admin/users/{user_id}/role", response_model=User)
def change_role(at: Shop, me: Me, user_id: int, body: RoleChange) -> Row:
    demand(at, me, "role-change", "admin")
    if user_id not in at.tables["users"]:
        raise HTTPException(404, "User not found")
    at.tables["users"][user_id]["role"] = body.role
    return at.tables["users"][user_id]


@admin.get("/admin/stats")
def read_stats(at: Shop, me: Me) -> dict[str, int]:
    demand(at, me, "stats", "admin")
    return {table: len(rows) for table, rows in at.tables.items()}


def garage(flaw: str = "") -> FastAPI:
    app = FastAPI(title="Garage", version="1.4.0")
    app.state.store = Store(flaw)
    for router in (users, vehicles, shop, admin):
        app.include_router(router)
    return app
