"""What can an attacker with a pencil do to the media service, step by step?

`v` is the owner of Harbor and `w` its viewer. At Summit `a` is the owner, `m` the editor and `l`
the viewer; `b` is Kim, an editor there and a viewer at Harbor; `u` is Uli, who is at neither.
`n` is nobody, or whoever's token stands in the headers.
"""

from __future__ import annotations

from typing import Any

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_studio_target import (
    ACCOUNT,
    ACCOUNTS,
    ASSET,
    ASSETS,
    AUDIT,
    AUTH,
    COLLECTION,
    COLLECTIONS,
    COMMENT,
    COMMENTS,
    EXPORT,
    EXPORTS,
    KEY,
    KEYS,
    LINK,
    LINKS,
    MARK,
    MEDIA,
    NOTES,
    OPERATION,
    OPERATIONS,
    PEOPLE,
    PROJECT,
    PROJECTS,
    SHARED,
    SPACE,
    TASK,
    TASKS,
    USER,
    VIEW,
    VIEWS,
)

ADDRESSES = {email.partition("@")[0]: (email, password) for _, email, password, _ in PEOPLE}
# Answers that repeat what the attacker said, or what is public by a link.
ECHOES = (f"GET {SHARED}",)
# What names things of the victim and is answered all the same, without them.
HARMLESS = (
    f"GET {ASSETS}",
    f"PATCH {ASSET}",
    f"POST {PROJECTS}",
    f"GET {SHARED}",
    f"GET {AUDIT}",
    "POST /v1/feedback",
    f"GET {MEDIA}",
)
HOME: dict[str, str] = {"workspace": "harbor"}
AWAY: dict[str, str] = {"workspace": "summit"}
VP, AP = HOME | {"project": "{vp}"}, AWAY | {"project": "{ap}"}
VA, AA = VP | {"asset": "{va}"}, AP | {"asset": "{aa}"}


JOB = {"operation": "{vo}"}


def entry(name: str, keep: str) -> Step:
    email, password = ADDRESSES[name]
    return step("n", f"POST {AUTH}:signIn", {"email": email, "password": password}, keep)


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {{{name}}}"}


def policy(*more: tuple[str, str]) -> Any:
    known = [("owner", "ola@summit"), ("editor", "edo@summit"), ("viewer", "val@summit")]
    known += [("editor", "kim@both"), *more]
    bindings = [
        {"role": f"roles/{role}", "members": [f"user:{name}.example"]} for role, name in known
    ]
    return {"policy": {"bindings": bindings}}


ENTRIES = [
    entry("ada", "v=accessToken"),
    entry("vic", "w=accessToken"),
    entry("ola", "a=accessToken ar=refreshToken"),
    entry("edo", "m=accessToken"),
    entry("val", "l=accessToken"),
    entry("kim", "b=accessToken"),
    entry("uli", "u=accessToken"),
]
FILLED = [
    step("v", f"POST {PROJECTS}", {"displayName": "victim's reel"}, "vp=uid vpn=name", **HOME),
    step("v", f"POST {PROJECTS}", {"displayName": "victim's trash"}, "vp2=uid", **HOME),
    step("v", f"DELETE {PROJECT}", **HOME, project="{vp2}"),
    step("v", f"POST {PROJECTS}", {"displayName": "x"}, projectId="pilot-one", **HOME),
    step(
        "v",
        f"POST {ASSETS}",
        {"displayName": "victim's cut", "description": "victim's words", "sizeBytes": "7"},
        "va=uid van=name",
        **VP,
    ),
    step("v", f"POST {ASSETS}", {"displayName": "victim's old cut"}, "va2=uid van2=name", **VP),
    step("v", f"POST {ASSETS}", {"displayName": "victim's last"}, "va3=uid van3=name", **VP),
    step("v", f"DELETE {ASSET}", **VP, asset="{va2}"),
    step("v", f"POST {COMMENTS}", {"text": "victim's comment"}, "vc=uid", **VA),
    step("v", f"POST {TASKS}", {"displayName": "victim's task", "asset": "{van}"}, "vt=uid", **VP),
    step("v", f"POST {COLLECTIONS}", {"displayName": "victim's"}, "vl=uid", **HOME),
    step("v", f"POST {LINKS}", {"displayName": "victim's link"}, "vk=uid vtok=token", **VP),
    step("v", f"POST {PROJECT}:export", {}, "vo=jobId", **VP),
    step("v", f"GET {EXPORTS}", {}, "vx=uid", **HOME),
    step("w", f"POST {COMMENTS}", {"text": "a viewer's"}, "wc=uid", **VA),
    step("v", f"GET {NOTES}", {}, "vn=name", user="me"),
    step("v", f"POST {ASSET}:signUrl", {}, "vm=media", **VA),
    step("v", f"GET {AUDIT}", {"pageSize": "2"}, "vpage=nextPageToken", **HOME),
    step("a", f"POST {PROJECTS}", {"displayName": "mine"}, "ap=uid apn=name", **AWAY),
    step("a", f"POST {ASSETS}", {"displayName": "mine"}, "aa=uid aan=name", **AP),
    step("a", f"POST {COMMENTS}", {"text": "mine"}, "ac=uid", **AA),
    step("a", f"POST {TASKS}", {"displayName": "mine"}, "at=uid", **AP),
    step("a", f"POST {COLLECTIONS}", {"displayName": "mine"}, "al=uid", **AWAY),
    step("a", f"POST {ASSET}:signUrl", {}, "exp=uri?expires sig=uri?signature", **AA),
]
READS = [
    step("a", f"GET {ASSET}", **VA),
    step("a", f"GET {COLLECTION}", **HOME, collection="{vl}"),
    step("a", f"GET {PROJECT}:getIamPolicy", **VP),
    step("a", f"GET {COMMENT}", **AA, comment="{vc}"),
    step("a", f"GET {ASSETS}:batchGet", {"names": "{van}"}, **AP),
    step("a", f"GET {ASSETS}", {"filter": 'displayName:"victim"'}, **AP),
    step("a", f"GET {ASSETS}", {}, **AP),
    step("a", f"GET {PROJECTS}", {"showDeleted": "true"}, **AWAY),
    step("a", f"GET {TASKS}", {}, **AWAY, project="-"),
    step("a", f"GET {SPACE}:search", {"query": "victim"}, **AWAY),
    step("a", f"GET {SPACE}/usage", {}, **AWAY),
    step("a", f"GET {AUDIT}", {"pageToken": "{vpage}"}, **AWAY),
    step("m", f"GET {AUDIT}", {}, **AWAY),
    step("a", f"GET {OPERATIONS}", {}, headers={"X-Studio-Workspace": "workspaces/harbor"}),
    ("a", f"POST {OPERATION}:cancel", JOB, {}, {}, ""),
    ("a", f"GET {OPERATION}", JOB, {}, {}, ""),
    step("a", f"GET {EXPORT}:download", **HOME, export="{vx}"),
]
CHANGED: dict[str, Any] = {"displayName": "changed"}
WRITES = [
    step("a", f"PATCH {ASSET}", CHANGED | {"name": "{van}"}, **AA),
    step("a", f"PATCH {ASSET}", CHANGED, **VA),
    step("a", f"PATCH {PROJECT}", CHANGED, **VP),
    step("a", f"POST {PROJECT}:archive", {}, **VP),
    step("a", f"POST {ASSET}:undelete", {}, **VP, asset="{va2}"),
    step("a", f"PATCH {TASK}", CHANGED, **AP, task="{vt}"),
    step("a", f"POST {ASSETS}:batchUpdate", {"requests": [{"asset": {"name": "{van}"}}]}, **AP),
    step("a", f"POST {MARK}", {"names": ["{vn}"]}, user="me"),
    step("a", f"GET {NOTES}", user="108834"),
    step("a", f"POST {ASSET}:move", {"destinationParent": "{vpn}"}, **AA),
    step("a", f"POST {PROJECTS}:clone", {"source": "{vpn}"}, **AWAY),
    step("a", f"POST {TASKS}", {"displayName": "mine too", "asset": "{van}"}, **AP),
    step("a", f"POST {ASSETS}", {"displayName": "mine too", "sourceAsset": "{van}"}, **AP),
    step("a", f"POST {COLLECTION}:addAssets", {"assets": ["{van}"]}, **AWAY, collection="{al}"),
    step("a", f"POST {LINKS}", {"displayName": "mine", "asset": "{van}"}, **AP),
    step("a", f"POST {PROJECTS}", {"displayName": "mine"}, projectId="pilot-one", **AWAY),
    step("a", f"POST {PROJECTS}", {"displayName": "mine", "creator": "users/108834"}, **AWAY),
    step("a", f"DELETE {PROJECT}", **VP, etag="old"),
    step("a", f"DELETE {PROJECT}", **VP),
    step("a", f"GET {MEDIA}", {"expires": "{exp}", "signature": "{sig}"}, media="{vm}"),
    step("a", "POST /v1/feedback", {"resource": "{van}", "text": "slow"}),
    step("m", f"PATCH {ASSET}", {"state": "APPROVED"}, **AA),
    step("l", f"PATCH {ASSET}", CHANGED, **AA),
    step("l", f"PATCH {USER}", {"email": "ada@harbor.example"}, user="me"),
    step("a", f"PATCH {SPACE}", {"plan": "ENTERPRISE"}, **AWAY),
    step("m", f"POST {SPACE}:setIamPolicy", policy(), **AWAY),
    step("l", f"POST {TASK}:approve", {}, **AP, task="{at}"),
    step("l", f"POST {VIEWS}", {"displayName": "a viewer's own"}, "lv=uid", **AWAY),
    step("a", f"GET {VIEW}", **AWAY, savedView="{lv}"),
    step("l", f"POST {COMMENTS}", {"text": "a viewer's own"}, "lc=uid", **AA),
    step("a", f"PATCH {COMMENT}", {"text": "changed"}, **AA, comment="{lc}"),
    step("b", f"GET {ASSET}", **VA),
    step("b", f"PATCH {ASSET}", CHANGED, **VA),
    step("a", f"POST {ASSETS}:batchDelete", {"names": ["{van3}"]}, **AP),
    step("a", f"DELETE {ASSET}", **VA),
    step("a", f"DELETE {COLLECTION}", **HOME, collection="{vl}"),
    step("a", f"DELETE {LINK}", **AP, shareLink="{vk}"),
]
READONLY = {"scopes": ["studio.readonly"]}
EXCHANGE = {"key": "{secret}", "scopes": ["studio"]}
ENDS = [
    step("v", f"DELETE {LINK}", **VP, shareLink="{vk}"),
    step("n", f"GET {SHARED}", token="{vtok}"),
    step("a", f"POST {ACCOUNTS}", {"displayName": "robot"}, "sa=uid", **AWAY),
    step(
        "a", f"POST {KEYS}", READONLY, "k=uid secret=privateKeyData", **AWAY, serviceAccount="{sa}"
    ),
    step("n", f"POST {AUTH}:exchangeKey", EXCHANGE),
    step("n", f"POST {AUTH}:exchangeKey", {"key": "{secret}"}, "kt=accessToken"),
    step("n", "GET /v1/workspaces", headers=bearer("kt")),
    step("n", f"POST {PROJECTS}", {"displayName": "no"}, headers=bearer("kt"), **AWAY),
    step("a", f"DELETE {KEY}", **AWAY, serviceAccount="{sa}", key="{k}"),
    step("n", "GET /v1/workspaces", headers=bearer("kt")),
    step("a", f"DELETE {ACCOUNT}", **AWAY, serviceAccount="{sa}"),
    step("u", f"GET {SPACE}", **AWAY),
    step("a", f"POST {SPACE}:setIamPolicy", policy(("editor", "uli@free")), **AWAY),
    step("u", f"GET {SPACE}", **AWAY),
    step("a", f"POST {SPACE}:setIamPolicy", policy(), **AWAY),
    step("u", f"GET {SPACE}", **AWAY),
    step("a", f"POST {AUTH}:signOut", {}),
    step("n", f"POST {AUTH}:refresh", {"refreshToken": "{ar}"}),
]
STUDIO: list[Step] = [*ENTRIES, *FILLED, *READS, *WRITES, *ENDS]
