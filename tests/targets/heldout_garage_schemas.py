"""What goes into and comes out of the garage: its pydantic models."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Role(StrEnum):
    customer = "customer"
    staff = "staff"
    admin = "admin"


class UserBase(BaseModel):
    email: str
    full_name: str = ""
    phone: str = ""
    role: Role = Role.customer
    loyalty_points: int = 0


class UserCreate(UserBase):
    username: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=3)


class User(UserBase):
    id: int
    username: str


class UserCard(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: int
    username: str


class VehicleCreate(BaseModel):
    model_config = ConfigDict(extra="allow")
    plate: str = Field(min_length=1)
    model: str = ""
    note: str = ""


class Vehicle(BaseModel):
    id: int
    owner_id: int
    plate: str
    model: str
    note: str


class RepairCreate(BaseModel):
    title: str
    cost: float = 0


class Repair(RepairCreate):
    id: int
    vehicle_id: int


class BookingCreate(BaseModel):
    vehicle_id: int
    service_id: int = 1
    day: str = "2030-01-01"
    remark: str = ""


class Booking(BookingCreate):
    id: int
    owner_id: int
    plate: str
    status: str


class Photo(BaseModel):
    id: int
    vehicle_id: int
    filename: str
    caption: str


class CardCreate(BaseModel):
    holder: str
    number: str = "4111111111111111"


class Card(BaseModel):
    id: int
    holder: str
    last_digits: str


class Service(BaseModel):
    id: int
    name: str
    price: float


class ServiceCreate(BaseModel):
    name: str
    price: float = 0


class ReviewCreate(BaseModel):
    text: str
    stars: int = 5


class Review(ReviewCreate):
    id: int
    service_id: int
    author: str


class Token(BaseModel):
    access_token: str
    token_type: str


class PasswordChange(BaseModel):
    current_password: str
    new_password: str = Field(min_length=3)


class RoleChange(BaseModel):
    role: Role


class Inquiry(BaseModel):
    booking_id: int
    text: str
