"""What merchants sell and where it lies: products, stock, suppliers, prices, customers."""

from __future__ import annotations

from tests.targets.heldout_depot_core import (
    CHECKS,
    VIEWS,
    Call,
    Problem,
    missing,
    op,
    paged,
    shown,
)
from tests.targets.heldout_depot_crud import deletes, lists, makes, merges, reads, replaces
from tests.targets.heldout_depot_schemas import Row

CATEGORIES, CARRIERS = ("Tools", "Garden", "Lighting"), ("Postino", "Kurierdienst", "Haulage & Co")
PLANS = (("STARTER", 19.0), ("BUSINESS", 79.0), ("ENTERPRISE", 249.0))


def unique(rows: list[Row], name: str, said: Row, row: Row | None) -> Row:
    """No two of the company have the same; other companies may."""
    if any(other is not row and name in said and other[name] == said[name] for other in rows):
        raise Problem(409, f"This {name} is already in use")
    return said


def product(call: Call, said: Row, row: Row | None) -> Row:
    if "categoryId" in said:
        call.named("categories", said["categoryId"])
    return unique(call.rows("products"), "sku", said, row)


CHECKS["products"] = product
lists("products", asks="categoryId:long", sort="products-sorted")
makes("products", empty=True)


@op("GET /products/by-sku/{sku}", gives="ProductDto")
def get_by_sku(call: Call) -> Row:
    found = call.rows("products", sku=call.path["sku"])
    if call.flawed("product-sku"):
        found += call.at.rows("products", sku=call.path["sku"])
    if not found:
        raise missing("products", call.path["sku"])
    return shown(call, "products", found[0])


@op("POST /products/batch-price", "MANAGER", takes="[PriceChange]", gives="BatchResult")
def change_prices(call: Call) -> Row:
    """Those of others are skipped."""
    done, skipped = 0, []
    for said in call.take():
        row = call.at.tables["products"].get(said["id"])
        if row and (row["companyId"] == call.company or call.flawed("prices-batch")):
            row.update(price=said["price"], version=row["version"] + 1)
            done += 1
        else:
            skipped.append(said["id"])
    return {"updated": done, "skipped": skipped}


reads("products")
replaces("products", flaw="product-put")
merges("products")
deletes("products")


def level(call: Call, location: Row, of: Row) -> Row:
    amount = call.at.stock[location["id"], of["id"]]
    said = {"locationId": location["id"], "locationName": location["name"]}
    return said | {"productId": of["id"], "quantity": amount}


@op("GET /products/{productId}/stock", gives="[StockLevelDto]")
def list_stock(call: Call) -> list[Row]:
    of = call.own("products")
    homes = call.at.rows("locations", companyId=of["companyId"])
    return [level(call, location, of) for location in homes]


@op(
    "PUT /locations/{locationId}/stock/{productId}",
    *("MANAGER",),
    takes="SetStockRequest",
    gives="StockLevelDto",
)
def set_stock(call: Call) -> Row:
    location, of = call.own("locations"), call.own("products")
    call.at.stock[location["id"], of["id"]] = call.take()["quantity"]
    return level(call, location, of)


@op("POST /stock/transfers", takes="TransferRequest", gives="[StockLevelDto]")
def transfer(call: Call) -> list[Row]:
    said, stock = call.take(), call.at.stock
    of = call.named("products", said["productId"])
    start = call.named("locations", said["fromLocationId"])
    end = call.named("locations", said["toLocationId"], "transfer-location")
    if stock[start["id"], of["id"]] < said["quantity"]:
        raise Problem(409, "Not enough stock")
    stock[start["id"], of["id"]] -= said["quantity"]
    stock[end["id"], of["id"]] += said["quantity"]
    return [level(call, start, of), level(call, end, of)]


lists("locations")
makes("locations")
reads("locations")
replaces("locations", first="location-match")
deletes("locations")
lists("suppliers")
makes("suppliers")
reads("suppliers")
merges("suppliers")
deletes("suppliers", flaw="supplier-delete")


def purchase(call: Call, said: Row, row: Row | None) -> Row:
    call.named("suppliers", said["supplierId"], "purchase-supplier")
    return said | {"status": row["status"] if row else "DRAFT"}


def purchased(call: Call, row: Row) -> Row:
    of = call.at.tables["suppliers"].get(row["supplierId"])
    return {"supplierName": of["name"] if of else None}


CHECKS["purchase-orders"], VIEWS["purchase-orders"] = purchase, purchased
lists("purchase-orders", "MANAGER", "supplierId:uuid")
makes("purchase-orders", empty=True)
reads("purchase-orders", "MANAGER", "purchase-read")
replaces("purchase-orders")


@op("POST /purchase-orders/{purchaseOrderId}/receive", "MANAGER", gives="PurchaseOrderDto")
def receive(call: Call) -> Row:
    row = call.own("purchase-orders")
    row.update(status="RECEIVED", version=row["version"] + 1)
    return shown(call, "purchase-orders", row)


def prices(call: Call, said: Row, _: Row | None) -> Row:
    for entry in said.get("entries", []):
        call.named("products", entry["product"]["id"])
    return said


CHECKS["price-lists"] = prices
lists("price-lists")
makes("price-lists")
reads("price-lists")
replaces("price-lists", lax="prices-by-clerk")
deletes("price-lists")


def customer(call: Call, said: Row, row: Row | None) -> Row:
    return unique(call.visible("customers", "customer-email"), "email", said, row)


CHECKS["customers"] = customer
lists("customers", asks="email:email", total="customers-total")
makes("customers", "CLERK", empty=True, company="customer-company")
reads("customers")
merges("customers", "CLERK", "customer-patch")
deletes("customers")


def category(call: Call, row: Row) -> Row:
    """Everybody has the same ones; how many products are in them is each company's own."""
    counted = call.visible("products", "category-counts", categoryId=row["id"])
    return {"productCount": len(counted)}


VIEWS["categories"] = category


@op("GET /categories", gives="Page/categories")
def list_categories(call: Call) -> Row:
    return paged(call, "categories", call.at.rows("categories"))


@op("GET /categories/{categoryId}", gives="CategoryDto", asks="expand:str")
def get_category(call: Call) -> Row:
    said = shown(call, "categories", call.own("categories"))
    if call.asked("expand") == "products":
        rows = call.visible("products", "category-expand", categoryId=said["id"])
        said["products"] = [shown(call, "products", row) for row in rows]
    return said


@op("GET /categories/{categoryId}/products", gives="Page/products")
def list_products(call: Call) -> Row:
    of = call.own("categories")
    return paged(call, "products", call.rows("products", categoryId=of["id"]))


@op("GET /carriers", "nobody", gives="[CarrierDto]")
def list_carriers(call: Call) -> list[Row]:
    return [shown(call, "carriers", row) for row in call.at.rows("carriers")]


@op("GET /plans", "nobody", gives="[PlanDto]")
def list_plans(_: Call) -> list[Row]:
    return [{"code": code, "monthlyPrice": price} for code, price in PLANS]
