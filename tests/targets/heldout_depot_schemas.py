"""What do the bodies of the order and inventory service have, in its document and in its code?

A schema is a line of fields: `name`, its kind after a colon, and `!` where it has to be there.
A kind is a name below, another schema, a choice `A|B`, or a list of one of these in brackets.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

Row = dict[str, Any]
LIMIT = 2_000
KINDS: dict[str, tuple[type | tuple[type, ...], Row]] = {
    "str": (str, {"type": "string"}),
    "uuid": (str, {"type": "string", "format": "uuid"}),
    "email": (str, {"type": "string", "format": "email"}),
    "datetime": (str, {"type": "string", "format": "date-time"}),
    "long": (int, {"type": "integer", "format": "int64", "minimum": 0}),
    "int": (int, {"type": "integer", "format": "int32", "minimum": 1}),
    "num": ((int, float), {"type": "number", "minimum": 0}),
    "bool": (bool, {"type": "boolean"}),
}
ROLES = "CLERK|MANAGER|OWNER"
SCOPES = "orders:read|orders:write|catalog:read|catalog:write"
STATUSES = "OPEN|SHIPPED|CANCELLED|REFUNDED"
STAMPS = "id:uuid companyId:uuid createdAt:datetime version:long"
NUMBERED = STAMPS.replace("id:uuid", "id:long", 1)
PRODUCT = "sku!:str name!:str price!:num categoryId:long description:str"
CUSTOMER = "name!:str email!:email phone:str"
SUPPLIER = "name!:str email:email terms:str"
LOCATION = "name!:str city:str"
PURCHASE = "supplierId!:uuid reference:str amount!:num"
PRICES = "name!:str currency:EUR|USD|GBP entries:[PriceEntry]"
COUPON = "code!:str percent!:num active:bool"
HOOK = "url!:str events:[str]"
SCHEMAS = {
    "IdRef": "id!:uuid",
    "NamedRef": "id:uuid name:str",
    "LoginRequest": "email!:email password!:str",
    "RefreshRequest": "refreshToken!:str",
    "ClientTokenRequest": f"clientId!:uuid clientSecret!:str scopes:[{SCOPES}]",
    "TokenResponse": "accessToken:str refreshToken:str tokenType:str expiresIn:int",
    "ChangePasswordRequest": "currentPassword!:str newPassword!:str",
    "MembershipDto": "companyId:uuid companyName:str role:str",
    "UserDto": "id:uuid name:str email:email phone:str companies:[MembershipDto]",
    "UpdateUserRequest": "name:str phone:str",
    "CompanyDto": "id:uuid name:str phone:str plan:str role:str",
    "UpdateCompanyRequest": "name:str phone:str",
    "EmployeeDto": f"{STAMPS} userId:uuid name:str email:email role:{ROLES}",
    "UpdateEmployeeRequest": f"role!:{ROLES}",
    "InvitationDto": f"{STAMPS} email:email role:{ROLES} status:PENDING|ACCEPTED|REVOKED",
    "CreatedInvitationDto": f"id:uuid email:email role:{ROLES} token:str",
    "CreateInvitationRequest": f"email!:email role!:{ROLES}",
    "AcceptInvitationRequest": "token!:str",
    "ApiClientDto": f"{STAMPS} name:str scopes:[str]",
    "ApiClientSecretDto": "id:uuid name:str scopes:[str] clientSecret:str",
    "CreateApiClientRequest": f"name!:str scopes!:[{SCOPES}]",
    "AuditEventDto": f"{NUMBERED} action:str entity:str actor:str",
    "NotificationDto": "id:long text:str read:bool createdAt:datetime",
    "MarkReadRequest": "ids!:[long]",
    "CountDto": "count:long",
    "BatchResult": "updated:long skipped:[str]",
    "CategoryDto": "id:long name:str productCount:long products:[ProductDto]",
    "CarrierDto": "id:long name:str trackingUrl:str",
    "PlanDto": "code:str monthlyPrice:num",
    "ProductDto": f"{STAMPS} {PRODUCT}",
    "CreateProductRequest": PRODUCT,
    "UpdateProductRequest": PRODUCT.replace("!", ""),
    "PriceChange": "id!:uuid price!:num",
    "StockLevelDto": "locationId:uuid locationName:str productId:uuid quantity:long",
    "SetStockRequest": "quantity!:long",
    "TransferRequest": "productId!:uuid fromLocationId!:uuid toLocationId!:uuid quantity!:int",
    "LocationDto": f"{STAMPS} {LOCATION}",
    "CreateLocationRequest": LOCATION,
    "SupplierDto": f"{STAMPS} {SUPPLIER}",
    "CreateSupplierRequest": SUPPLIER,
    "UpdateSupplierRequest": SUPPLIER.replace("!", ""),
    "PurchaseOrderDto": f"{NUMBERED} {PURCHASE} supplierName:str status:DRAFT|SENT|RECEIVED",
    "CreatePurchaseOrderRequest": PURCHASE,
    "PriceEntry": "product!:IdRef price!:num",
    "PriceListDto": f"{NUMBERED} {PRICES}",
    "CreatePriceListRequest": PRICES,
    "CustomerDto": f"{STAMPS} {CUSTOMER}",
    "CreateCustomerRequest": CUSTOMER,
    "UpdateCustomerRequest": CUSTOMER.replace("!", ""),
    "OrderLineDto": "id:uuid product:NamedRef quantity:int unitPrice:num version:long",
    "CreateOrderLineRequest": "product!:IdRef quantity!:int",
    "UpdateOrderLineRequest": "quantity!:int",
    "OrderDto": f"{STAMPS} number:str status:{STATUSES} customer:NamedRef note:str"
    " lines:[OrderLineDto] total:num paid:num deleted:bool",
    "CreateOrderRequest": "customer!:IdRef lines:[CreateOrderLineRequest] note:str",
    "UpdateOrderRequest": "note:str customer:IdRef",
    "OrderSearchRequest": f"text:str status:{STATUSES} customerId:uuid",
    "BatchIds": "ids!:[uuid]",
    "GiftCardPayment": "code!:str",
    "ShipmentDto": f"{STAMPS} orderId:uuid carrierId:long locationId:uuid trackingNumber:str",
    "CreateShipmentRequest": "carrierId!:long locationId!:uuid trackingNumber:str",
    "ReturnDto": f"{STAMPS} orderId:uuid lineId:uuid quantity:int reason:str"
    " status:REQUESTED|APPROVED",
    "CreateReturnRequest": "lineId!:uuid quantity!:int reason:str",
    "CartItemDto": "product:NamedRef quantity:int",
    "CartDto": f"{STAMPS} items:[CartItemDto] couponCode:str discountPercent:num",
    "CreateCartRequest": "items:[CreateOrderLineRequest]",
    "ApplyCouponRequest": "code!:str",
    "CheckoutRequest": "customerId!:uuid",
    "CouponDto": f"{STAMPS} {COUPON}",
    "CreateCouponRequest": COUPON,
    "GiftCardDto": f"{STAMPS} maskedCode:str balance:num note:str",
    "CreatedGiftCardDto": "id:uuid code:str balance:num note:str",
    "CreateGiftCardRequest": "amount!:num note:str",
    "UpdateGiftCardRequest": "note:str",
    "DocumentDto": f"{STAMPS} name:str orderId:uuid size:long",
    "CreateDocumentRequest": "name!:str orderId:uuid",
    "DownloadLinkDto": "url:str expires:long signature:str",
    "CreateReportRequest": "type!:SALES|CUSTOMERS customerId:uuid",
    "ReportDto": f"{STAMPS} type:str customerId:uuid status:QUEUED|COMPLETED rowCount:long",
    "DashboardDto": "openOrders:long revenue:num topCustomers:[str]",
    "SalesSummaryDto": "orders:long revenue:num averageOrder:num",
    "WebhookDto": f"{STAMPS} {HOOK}",
    "CreatedWebhookDto": f"id:uuid {HOOK} secret:str",
    "CreateWebhookRequest": HOOK,
    "UpdateWebhookRequest": HOOK.replace("!", ""),
    "SupportTicketRequest": "message!:str orderId:uuid",
    "SupportTicketDto": "received:bool orderId:uuid",
}


class Field(NamedTuple):
    name: str
    kind: str
    required: bool


class Invalid(ValueError):  # noqa: N818 - what the value is
    """A body that is not as its schema says."""


@cache
def fields(schema: str) -> tuple[Field, ...]:
    found = []
    for word in SCHEMAS[schema].split():
        name, _, kind = word.partition(":")
        found.append(Field(name.rstrip("!"), kind, name.endswith("!")))
    return tuple(found)


def checked(schema: str, said: Any, where: str = "") -> Row:
    """What the body has of the schema's fields; others are passed over, as Jackson does."""
    if not isinstance(said, dict):
        raise Invalid(f"JSON parse error: Cannot deserialize value of type `{schema}`")
    found = {}
    for name, kind, required in fields(schema):
        given = said.get(name)
        if given is None or (required and given == ""):
            if required:
                raise Invalid(f"Validation failed: {where}{name} must not be empty")
            continue
        found[name] = valued(kind, given, where + name)
    return found


def valued(kind: str, said: Any, where: str) -> Any:
    if kind.startswith("["):
        if not isinstance(said, list) or len(said) > LIMIT:
            raise Invalid(f"JSON parse error: {where} is not a list")
        return [valued(kind[1:-1], each, f"{where}[{at}]") for at, each in enumerate(said)]
    if kind in SCHEMAS:
        return checked(kind, said, f"{where}.")
    plain, described = KINDS.get(kind, KINDS["str"])
    fits = isinstance(said, plain) and (kind == "bool" or not isinstance(said, bool))
    if fits and isinstance(said, str):
        fits = len(said) <= LIMIT and (kind in KINDS or said in kind.split("|"))
    elif fits and kind != "bool":
        fits = described["minimum"] <= said <= 1e9  # also not a number at all
    if kind == "email" and fits:
        fits = re.fullmatch(r"[^@\s]+@[^@\s]+", said) is not None
    if not fits:
        raise Invalid(f"JSON parse error: {where} is not of type {kind}")
    return identity(said) if kind == "uuid" else said


def identity(said: str) -> str:
    """A UUID as it is written in answers."""
    try:
        return str(UUID(said))
    except ValueError:
        raise Invalid(f"Invalid UUID string: {said}") from None


def described(kind: str) -> Row:
    """A kind as the document says it."""
    if kind.startswith("["):
        return {"type": "array", "items": described(kind[1:-1])}
    if kind in KINDS:
        return dict(KINDS[kind][1])
    if "|" in kind:
        return {"type": "string", "enum": kind.split("|")}
    return {"$ref": f"#/components/schemas/{kind}"}


def schema(name: str) -> Row:
    known = fields(name)
    said: Row = {"type": "object"}
    said["properties"] = {field.name: described(field.kind) for field in known}
    required = [field.name for field in known if field.required]
    return said | ({"required": required} if required and "Request" in name else {})
