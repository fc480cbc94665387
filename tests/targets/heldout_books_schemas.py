"""What do the bodies of the bookkeeping service have, in its document and in its code?

A schema is a line of fields: `name`, its kind after a colon, and `!` where it has to be there.
A kind is a name below, an enumeration, another schema, or a list of one of these in brackets;
`?` after a number's or a date's kind is for what may be null, as strings may always.
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
    "guid": (str, {"type": "string", "format": "uuid"}),
    "email": (str, {"type": "string", "format": "email"}),
    "date": (str, {"type": "string", "format": "date-time"}),
    "int": (int, {"type": "integer", "format": "int32"}),
    "num": ((int, float), {"type": "number", "format": "double"}),
    "bool": (bool, {"type": "boolean"}),
}
# Enumerations of the older DTOs are numbers; newer ones have a JsonStringEnumConverter.
ENUMS: dict[str, list[Any]] = {
    "InvoiceStatus": [0, 1, 2, 3],  # Draft, Approved, Paid, Void
    "PaymentMethod": [0, 1, 2],
    "BankAccountType": [0, 1],
    "FirmRole": ["Bookkeeper", "Accountant", "Admin"],
    "ImportStatus": ["Queued", "Running", "Completed", "Failed"],
    "Frequency": ["Monthly", "Quarterly", "Yearly"],
    "ApiKeyPermission": ["ReadInvoices", "WriteInvoices", "ReadContacts", "WriteContacts"],
}
CONTACT = "name!:str email!:email phone:str address:str"
VENDOR = "name!:str email:email taxNumber:str iban:str"
BANK = "name!:str iban!:str type:BankAccountType openingBalance:num"
LINE = "description!:str quantity!:num unitPrice!:num taxRateId:int?"
REPEAT = "customerId!:int frequency!:Frequency amount!:num nextRun:date? description:str"
ENTRY = "bookedOn:date? amount!:num description!:str category:str"
SWITCHES = "invoicePaid:bool invoiceOverdue:bool importCompleted:bool weeklySummary:bool"
SCHEMAS = {
    "LoginRequest": "email!:str password!:str",
    "RecoveryLoginRequest": "email!:str recoveryCode!:str",
    "ChangePasswordRequest": "currentPassword!:str newPassword!:str",
    "RecoveryCodesRequest": "password!:str",
    "RecoveryCodeDto": "code:str",
    "RecoveryCodesDto": "recoveryCodes:[RecoveryCodeDto]",
    "SwitchFirmRequest": "firmId!:int",
    "FirmMembershipDto": "firmId:int firmName:str role:FirmRole",
    "MeDto": "id:int email:str fullName:str currentFirmId:int role:FirmRole "
    "firms:[FirmMembershipDto]",
    "UpdateProfileRequest": "fullName!:str",
    "FirmDto": "id:int name:str vatNumber:str plan:str",
    "UpdateFirmRequest": "name!:str vatNumber:str",
    "UserDto": "id:int email:str fullName:str role:FirmRole isActive:bool",
    "ChangeRoleRequest": "role!:FirmRole",
    "NotificationSettingsDto": f"userId:int {SWITCHES}",
    "UpdateNotificationSettingsRequest": SWITCHES,
    "CreateInvitationRequest": "email!:email role!:FirmRole",
    "InvitationDto": "id:int email:str role:FirmRole createdAt:date isPending:bool",
    "CreatedInvitationDto": "id:int email:str role:FirmRole acceptUrl:str",
    "AcceptInvitationRequest": "token!:str fullName!:str password!:str",
    "CreateApiKeyRequest": "name!:str permissions!:[ApiKeyPermission]",
    "ApiKeyDto": "id:guid name:str prefix:str permissions:[ApiKeyPermission] createdAt:date",
    "CreatedApiKeyDto": "id:guid name:str key:str permissions:[ApiKeyPermission]",
    "CreateCustomerRequest": CONTACT,
    "UpdateCustomerRequest": CONTACT,
    "CustomerDto": f"id:int {CONTACT} createdAt:date",
    "CreateVendorRequest": VENDOR,
    "UpdateVendorRequest": VENDOR,
    "VendorDto": f"id:int {VENDOR} isArchived:bool createdAt:date",
    "CreateInvoiceLineRequest": LINE,
    "InvoiceLineDto": f"id:int {LINE} total:num",
    "CreateInvoiceRequest": "customerId!:int dueDate:date? notes:str "
    "lines:[CreateInvoiceLineRequest]",
    "UpdateInvoiceRequest": "customerId:int? dueDate:date? notes:str",
    "InvoiceDto": "id:int number:str customerId:int customerName:str status:InvoiceStatus "
    "dueDate:date? notes:str total:num createdBy:str createdAt:date lines:[InvoiceLineDto]",
    "InvoiceSummaryDto": "id:int number:str customerId:int status:InvoiceStatus notes:str "
    "total:num createdAt:date",
    "InvoiceSearchRequest": "text:str customerId:int? status:InvoiceStatus? pageIndex:int? "
    "pageSize:int?",
    "BulkRequest": "ids!:[int]",
    "BulkResultDto": "succeeded:[int] skipped:[int]",
    "CreatePaymentRequest": "amount!:num method:PaymentMethod bankAccountId:int? reference:str",
    "PaymentDto": "id:int invoiceId:int amount:num method:PaymentMethod bankAccountId:int? "
    "bankAccountName:str reference:str createdAt:date",
    "PaymentLinkDto": "token:str url:str",
    "PublicInvoiceDto": "number:str firmName:str customerName:str total:num status:InvoiceStatus",
    "PublicPayRequest": "cardToken!:str",
    "PlanDto": "name:str monthlyPrice:num",
    "CreateCreditNoteRequest": "invoiceId!:int amount!:num reason:str",
    "CreditNoteDto": "id:int invoiceId:int invoiceNumber:str amount:num reason:str createdAt:date",
    "CreateRecurringInvoiceRequest": REPEAT,
    "UpdateRecurringInvoiceRequest": REPEAT,
    "RecurringInvoiceDto": f"id:int {REPEAT} customerName:str isPaused:bool createdAt:date",
    "CreateBankAccountRequest": BANK,
    "UpdateBankAccountRequest": BANK,
    "BankAccountDto": f"id:int {BANK} createdAt:date",
    "CreateTransactionRequest": ENTRY,
    "TransactionDto": f"id:int bankAccountId:int {ENTRY} isReconciled:bool createdAt:date",
    "ReconcileRequest": "invoiceId:int?",
    "BulkCategorizeRequest": "ids!:[int] category!:str",
    "CountDto": "count:int",
    "TaxRateDto": "id:int name:str percentage:num",
    "ProfitAndLossDto": "year:int periods:[PeriodDto] total:num",
    "PeriodDto": "period:str income:num expenses:num",
    "OverviewDto": "invoices:int unpaid:num customers:int balance:num",
    "AuditEntryDto": "id:int action:str entity:str entityId:str user:str createdAt:date",
    "AuditPageDto": "items:[AuditEntryDto] nextCursor:str",
    "AttachmentDto": "id:guid fileName:str contentType:str size:int invoiceId:int? createdAt:date",
    "ImportDto": "id:guid status:ImportStatus fileName:str imported:int failures:[str] "
    "createdAt:date",
    "ContactRequest": "message!:str invoiceId:int?",
}


class Field(NamedTuple):
    name: str
    kind: str
    required: bool
    empty: bool


class Invalid(ValueError):  # noqa: N818 - what the value is
    """A field and what is wrong with it."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(said)
        self.name = name


@cache
def fields(schema: str) -> tuple[Field, ...]:
    found = []
    for word in SCHEMAS[schema].split():
        name, _, kind = word.partition(":")
        required, plain = name.endswith("!"), kind.rstrip("?")
        empty = kind.endswith("?") or (plain in ("str", "email", "[") and not required)
        found.append(Field(name.rstrip("!"), plain, required, empty or plain[0] == "["))
    return tuple(found)


def checked(schema: str, said: Any, where: str = "") -> Row:
    """What the body has of the schema's fields, whatever their case; others are passed over."""
    if not isinstance(said, dict):
        raise Invalid("$", f"The JSON value could not be converted to {schema}.")
    found = {}
    lower = {name.lower(): value for name, value in said.items()}
    for name, kind, required, _ in fields(schema):
        given = lower.get(name.lower())
        if given is None or (required and given == ""):
            if required:
                label = name[0].upper() + name[1:]
                raise Invalid(where + label, f"The {label} field is required.")
            continue
        found[name] = valued(kind, given, where + name)
    return found


def valued(kind: str, said: Any, where: str) -> Any:
    wrong = Invalid(f"$.{where}", f"The JSON value could not be converted. Path: $.{where}")
    if kind.startswith("["):
        if not isinstance(said, list) or len(said) > LIMIT:
            raise wrong
        return [valued(kind[1:-1], each, f"{where}[{at}]") for at, each in enumerate(said)]
    if kind in SCHEMAS:
        return checked(kind, said, f"{where}.")
    if kind in ENUMS:
        if type(said) is not type(ENUMS[kind][0]) or said not in ENUMS[kind]:
            raise wrong
        return said
    if not plain(kind, said):
        raise wrong
    return guid(said, where) if kind == "guid" else said


def plain(kind: str, said: Any) -> bool:
    """Whether a value is of one of the kinds above."""
    of, _ = KINDS[kind]
    fits = isinstance(said, of) and (kind == "bool" or not isinstance(said, bool))
    if fits and isinstance(said, str):
        fits = len(said) <= LIMIT
    elif fits and kind != "bool":
        fits = -(2**31) <= said < 2**31  # also not a number at all
    if kind == "email" and fits:
        fits = re.fullmatch(r"[^@\s]+@[^@\s]+", said) is not None
    if kind == "date" and fits:
        fits = re.fullmatch(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?", said) is not None
    return fits


def guid(said: str, where: str) -> str:
    try:
        return str(UUID(said))
    except ValueError:
        raise Invalid(where, f"The value '{said}' is not valid.") from None


def worded(kind: str, said: str, where: str) -> Any:
    """What a path or a query says, which are words."""
    wrong = Invalid(where, f"The value '{said}' is not valid.")
    if kind == "guid":
        return guid(said, where)
    if kind == "bool":
        if said.lower() not in ("true", "false"):
            raise wrong
        return said.lower() == "true"
    if kind == "int" or (kind in ENUMS and isinstance(ENUMS[kind][0], int)):
        if not re.fullmatch(r"-?[0-9]{1,10}", said) or abs(int(said)) >= 2**31:
            raise wrong
        return int(said)
    return said


def described(kind: str) -> Row:
    """A kind as the document says it."""
    if kind.startswith("["):
        return {"type": "array", "items": described(kind[1:-1])}
    if kind in KINDS:
        return dict(KINDS[kind][1])
    return {"$ref": f"#/components/schemas/{kind}"}


def schema(name: str) -> Row:
    """An object as Swashbuckle writes it, or an enumeration."""
    if name in ENUMS:
        number = isinstance(ENUMS[name][0], int)
        plain = {"type": "integer", "format": "int32"} if number else {"type": "string"}
        return {"enum": ENUMS[name], **plain}
    asked = name.endswith("Request")
    said: Row = {}
    if required := [field.name for field in fields(name) if field.required and asked]:
        said["required"] = required
    said["type"], said["properties"] = "object", {}
    for field in fields(name):
        about = described(field.kind)
        if field.required and asked and about.get("type") == "string":
            about["minLength"] = 1
        elif "$ref" not in about and (field.empty or field.kind in ("str", "email")):
            about["nullable"] = not (field.required and asked)
            if not about["nullable"]:
                del about["nullable"]
        said["properties"][field.name] = about
    said["additionalProperties"] = False
    return said
