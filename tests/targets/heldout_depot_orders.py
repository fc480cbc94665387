"""What customers have bought: orders with their lines, shipments and returns."""

from __future__ import annotations

from werkzeug.wrappers import Response

from tests.targets.heldout_depot_core import (
    VIEWS,
    Call,
    Problem,
    created,
    missing,
    op,
    paged,
    shown,
    unchanged,
)
from tests.targets.heldout_depot_crud import reads
from tests.targets.heldout_depot_schemas import STATUSES, Row


def name(call: Call, table: str, key: str) -> Row:
    row = call.at.tables[table].get(key)
    return {"id": key, "name": row["name"] if row else None}


def order(call: Call, row: Row) -> Row:
    lines = call.at.rows("order-lines", orderId=row["id"])
    return {
        "customer": name(call, "customers", row["customerId"]),
        "lines": [shown(call, "order-lines", line) for line in lines],
        "total": round(sum(line["quantity"] * line["unitPrice"] for line in lines), 2),
    }


def line(call: Call, row: Row) -> Row:
    return {"product": name(call, "products", row["productId"])}


VIEWS["orders"], VIEWS["order-lines"] = order, line


def write(call: Call, customer: Row, lines: list[Row], note: str | None = None) -> Row:
    """A new order with the company's next number."""
    bought = [(call.named("products", each["product"]["id"]), each["quantity"]) for each in lines]
    number = f"SO-{1001 + len(call.rows('orders'))}"
    said = {"customerId": customer["id"], "note": note, "status": "OPEN", "paid": 0}
    row = call.add("orders", number=number, **said)
    for product, quantity in bought:
        put(call, row, product, quantity)
    call.log("CREATED", "orders", row)
    call.forget()
    return row


def put(call: Call, of: Row, product: Row, quantity: int, **more: int) -> Row:
    said = {"productId": product["id"], "unitPrice": product["price"]} | more
    return call.add("order-lines", orderId=of["id"], quantity=quantity, **said)


@op("GET /orders", gives="Page/orders", asks=f"status:{STATUSES} customerId:uuid")
def list_orders(call: Call) -> Row:
    rows = call.rows("orders")
    if call.asked("customerId"):
        of = call.visible("orders", "orders-customer")
        rows = [row for row in of if row["customerId"] == call.asked("customerId")]
    if call.asked("status"):
        rows = [row for row in rows if row["status"] == call.asked("status")]
    return paged(call, "orders", [row for row in rows if not row["deleted"]])


@op("POST /orders", takes="CreateOrderRequest", gives="OrderDto", status=201)
def create_order(call: Call) -> Row:
    said = call.take()
    customer = call.named("customers", said["customer"]["id"], "order-customer")
    row = write(call, customer, said.get("lines", []), said.get("note"))
    created(call, "orders", row)
    return shown(call, "orders", row)


@op("POST /orders/search", takes="OrderSearchRequest", gives="Page/orders")
def search_orders(call: Call) -> Row:
    said, found = call.take(), []
    for row in call.visible("orders", "orders-search", deleted=False):
        text = f"{row['number']} {row['note']}".lower()
        fits = said.get("text", "").lower() in text
        exact = all(row[each] == said[each] for each in ("status", "customerId") if each in said)
        found += [row] if fits and exact else []
    return paged(call, "orders", found)


@op("POST /orders/batch-get", takes="BatchIds", gives="[OrderDto]")
def get_orders(call: Call) -> list[Row]:
    known = {row["id"]: row for row in call.visible("orders", "orders-batch", deleted=False)}
    return [shown(call, "orders", known[key]) for key in call.take()["ids"] if key in known]


@op("GET /orders/count", gives="CountDto", asks=f"status:{STATUSES}")
def count_orders(call: Call) -> Row:
    rows, status = call.rows("orders", deleted=False), call.asked("status")
    return {"count": sum(status in ("", row["status"]) for row in rows)}


@op("GET /orders/export", "MANAGER", gives="text/csv", asks="from:datetime")
def export_orders(call: Call) -> Response:
    rows = call.visible("orders", "orders-export", deleted=False)
    lines = [f"{row['number']},{row['status']},{row['note'] or ''}\r\n" for row in rows]
    return Response("number,status,note\r\n" + "".join(lines), mimetype="text/csv")


@op("GET /orders/by-number/{number}", gives="OrderDto")
def get_by_number(call: Call) -> Row:
    found = call.rows("orders", number=call.path["number"])
    if not found:
        raise missing("orders", call.path["number"])
    return shown(call, "orders", found[0])


reads("orders", flaw="order-read")


@op("PATCH /orders/{orderId}", takes="UpdateOrderRequest", gives="OrderDto")
def update_order(call: Call) -> Row:
    row, said = call.own("orders"), call.take()
    unchanged(call, row)
    if "customer" in said:
        said["customerId"] = call.named("customers", said.pop("customer")["id"])["id"]
    said |= call.bound("status", "order-status", *STATUSES.split("|"))
    row.update(said, version=row["version"] + 1)
    return shown(call, "orders", row)


@op("DELETE /orders/{orderId}", "MANAGER", status=204)
def delete_order(call: Call) -> None:
    call.own("orders")["deleted"] = True
    call.forget()


def become(call: Call, row: Row, status: str) -> Row:
    row.update(status=status, version=row["version"] + 1)
    call.log(status, "orders", row)
    call.forget()
    return shown(call, "orders", row)


@op("POST /orders/{orderId}/cancel", gives="OrderDto")
def cancel(call: Call) -> Row:
    row = call.own("orders", "order-cancel")
    if row["status"] not in ("OPEN", "CANCELLED"):
        raise Problem(409, f"Order is {row['status']}")
    return become(call, row, "CANCELLED")


@op("POST /orders/{orderId}/refund", "MANAGER", lax="refund-by-clerk", gives="OrderDto")
def refund(call: Call) -> Row:
    return become(call, call.own("orders"), "REFUNDED")


@op("POST /orders/{orderId}/gift-card", takes="GiftCardPayment", gives="OrderDto")
def pay_by_gift_card(call: Call) -> Row:
    row, said = call.own("orders"), call.take()
    found = call.visible("gift-cards", "gift-card-redeem", code=said["code"])
    if not found:
        raise Problem(422, "Unknown gift card")
    due = order(call, row)["total"] - row["paid"]
    amount = min(due, found[0]["balance"])
    found[0]["balance"] -= amount
    row.update(paid=row["paid"] + amount, version=row["version"] + 1)
    return shown(call, "orders", row)


@op("GET /orders/{orderId}/lines", gives="[OrderLineDto]")
def list_lines(call: Call) -> list[Row]:
    rows = call.at.rows("order-lines", orderId=call.own("orders")["id"])
    return [shown(call, "order-lines", row) for row in rows]


LINE = "/orders/{orderId}/lines/{lineId}"


@op(
    "POST /orders/{orderId}/lines",
    takes="CreateOrderLineRequest",
    gives="OrderLineDto",
    status=201,
)
def add_line(call: Call) -> Row:
    of, said = call.own("orders"), call.take()
    product = call.named("products", said["product"]["id"], "line-product")
    row = put(call, of, product, said["quantity"], **call.bound("unitPrice", "line-price"))
    return shown(call, "order-lines", row)


@op(f"GET {LINE}", gives="OrderLineDto")
def get_line(call: Call) -> Row:
    if call.flawed("line-elsewhere"):
        return shown(call, "order-lines", call.own("order-lines", "line-elsewhere"))
    return shown(call, "order-lines", call.own("order-lines", orderId=call.own("orders")["id"]))


@op(f"PUT {LINE}", takes="UpdateOrderLineRequest", gives="OrderLineDto")
def update_line(call: Call) -> Row:
    row = call.own("order-lines", orderId=call.own("orders")["id"])
    unchanged(call, row)
    row.update(call.take(), version=row["version"] + 1)
    return shown(call, "order-lines", row)


@op(f"DELETE {LINE}", status=204)
def delete_line(call: Call) -> None:
    of = call.own("orders")
    having = {} if call.flawed("line-delete") else {"orderId": of["id"]}
    row = call.own("order-lines", "line-delete", **having)
    del call.at.tables["order-lines"][row["id"]]


@op("GET /orders/{orderId}/shipments", gives="[ShipmentDto]")
def list_shipments(call: Call) -> list[Row]:
    of = call.own("orders", "shipments-list")
    return [shown(call, "shipments", row) for row in call.at.rows("shipments", orderId=of["id"])]


@op(
    "POST /orders/{orderId}/shipments",
    takes="CreateShipmentRequest",
    gives="ShipmentDto",
    status=201,
)
def create_shipment(call: Call) -> Row:
    of, said = call.own("orders"), {"trackingNumber": None} | call.take()
    call.named("carriers", said["carrierId"])
    call.named("locations", said["locationId"])
    row = call.add("shipments", orderId=of["id"], **said)
    become(call, of, "SHIPPED")
    created(call, "shipments", row)
    return shown(call, "shipments", row)


reads("shipments")


@op("GET /orders/{orderId}/returns", gives="[ReturnDto]")
def list_returns(call: Call) -> list[Row]:
    of = call.own("orders")
    return [shown(call, "returns", row) for row in call.at.rows("returns", orderId=of["id"])]


@op("POST /orders/{orderId}/returns", takes="CreateReturnRequest", gives="ReturnDto", status=201)
def create_return(call: Call) -> Row:
    of, said = call.own("orders"), {"reason": None} | call.take()
    row = call.at.tables["order-lines"].get(said["lineId"])
    if row is None or row["orderId"] != of["id"]:
        raise missing("order-lines", said["lineId"], 422)
    made = call.add("returns", orderId=of["id"], status="REQUESTED", **said)
    created(call, "returns", made)
    return shown(call, "returns", made)


reads("returns")


@op("POST /returns/{returnId}/approve", "MANAGER", gives="ReturnDto")
def approve(call: Call) -> Row:
    row = call.own("returns")
    row.update(status="APPROVED", version=row["version"] + 1)
    return shown(call, "returns", row)
