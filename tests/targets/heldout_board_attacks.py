"""What can an attacker with a pencil do to the board, step by step?

`v` is north's owner, `a` south's, `l` south's guest. Most attackers stay in their own workspace and
name what is in the other one.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

from tests.targets.heldout_attacks import Step, step
from tests.targets.heldout_board_target import COMMENTS, EXPORT, KEY, KEYS, LINK, PAGE, PAGES, SPACE
from tests.targets.heldout_board_target import SEARCH as SAVED

CSV = {"Content-Type": "text/csv"}
COMMENT = f"{COMMENTS}/{{commentId}}"
FORGED = urlsafe_b64encode(b'["", "north"]').decode()


def v(
    operation: str, body: object = None, keep: str = "", headers: object = None, **more: str
) -> Step:
    return step("v", operation, body, keep, headers, workspace="north", **more)


def a(
    operation: str, body: object = None, keep: str = "", headers: object = None, **more: str
) -> Step:
    return step("a", operation, body, keep, headers, **{"workspace": "south", **more})


def weak(operation: str, body: object = None, **more: str) -> Step:
    return step("l", operation, body, workspace="south", **more)


BOARD = [
    v("GET /me", keep="vu=userId"),
    v(f"POST {PAGES}", {"title": "victim's", "body": "victim's"}, "vp=pageId"),
    v(f"POST {PAGES}", {"title": "victim's second"}, "vp2=pageId"),
    v(f"POST {PAGES}", {"title": "victim's third"}, "vp3=pageId"),
    v(f"POST {COMMENTS}", {"text": "victim's"}, "vm=commentId", pageId="{vp}"),
    v(f"POST {PAGE}/links", keep="vl=linkId", pageId="{vp}"),
    v(f"POST {SPACE}/searches", {"name": "victim's", "query": "victim"}, "vs=searchId"),
    v(f"POST {KEYS}", {"name": "victim's", "scopes": ["write"]}, "vk=keyId"),
    v(f"POST {SPACE}/exports", keep="vx=exportId"),
    v(f"POST {SPACE}/invitations", {"email": "victim@x.example"}, "vi=invitationId"),
    v(f"DELETE {PAGE}", pageId="{vp2}"),
    a(f"POST {PAGES}", {"title": "attacker's"}, "ap=pageId"),
    a("GET /users/lookup", {"email": "nora@board.example"}),
    a(f"GET {SPACE}", workspace="north"),
    a(f"GET {SPACE}/members", workspace="north"),
    a(f"GET {PAGE}", pageId="{vp}"),
    a(f"GET {PAGES}"),
    a(f"GET {PAGES}", {"cursor": FORGED}),
    a(f"GET {SPACE}/trash"),
    a(f"GET {SPACE}/activity"),
    a(f"GET {SPACE}/usage"),
    a(f"GET {SPACE}/search", {"q": "victim"}),
    a(f"GET {SAVED}/results", searchId="{vs}"),
    a(f"GET {EXPORT}", exportId="{vx}"),
    a(f"GET {EXPORT}/file", exportId="{vx}"),
    a(f"GET {COMMENTS}", pageId="{vp}"),
    a("GET /me", headers={"X-Acting-As": "{vu}"}),
    a("PATCH /me", {"isStaff": True}),
    a("POST /feedback", {"pageId": "{vp}", "text": "what about this?"}),
    a(f"POST {COMMENTS}", {"text": "attacker's"}, pageId="{vp}"),
    a(f"POST {COMMENTS}", {"text": "hi", "mentions": ["{vu}"]}, pageId="{ap}"),
    a(f"POST {PAGES}", {"title": "below", "parentId": "{vp}"}),
    a(f"POST {PAGES}", {"title": "planted", "workspace": "north"}),
    a(f"POST {PAGES}", {"title": "attacker's second"}, "ap2=pageId"),
    a(f"PATCH {PAGE}", {"title": "mine", "workspace": "north"}, pageId="{ap2}"),
    a(f"POST {SPACE}/import", "title,body,workspace\nplanted,x,north\n", headers=CSV),
    v(f"GET {PAGES}"),
    a(f"POST {PAGE}/links", pageId="{vp}"),
    a(f"POST {PAGES}/archive", {"pageIds": ["{vp3}"]}),
    a(f"PATCH {PAGE}", {"title": "changed"}, pageId="{vp}"),
    a(f"POST {PAGE}/restore", pageId="{vp2}"),
    a(f"PUT {SAVED}", {"name": "changed", "query": "x"}, searchId="{vs}"),
    a(f"DELETE {COMMENT}", pageId="{vp}", commentId="{vm}"),
    a(f"DELETE {SPACE}/invitations/{{invitationId}}", invitationId="{vi}"),
    a(f"DELETE {LINK}", linkId="{vl}"),
    a(f"DELETE {SAVED}", searchId="{vs}"),
    v(f"GET {SPACE}/searches"),
    a(f"POST {KEY}/rotate", keyId="{vk}"),
    a(f"DELETE {KEY}", keyId="{vk}"),
    a(f"DELETE {PAGE}", pageId="{vp3}"),
    a(f"POST {KEYS}", {"name": "attacker's"}, "old=secret"),
    a(f"GET {KEYS}", keep="ak=keyId"),
    a(f"POST {KEY}/rotate", keep="new=secret", keyId="{ak}"),
    a("GET /me", headers={"Authorization": "Bearer {old}"}),
    a(f"DELETE {KEY}", keyId="{ak}"),
    a("GET /me", headers={"Authorization": "Bearer {new}"}),
    a(f"POST {PAGE}/links", keep="link=token", pageId="{ap}"),
    a(f"GET {PAGE}/links", keep="al=linkId", pageId="{ap}"),
    a(f"DELETE {LINK}", linkId="{al}"),
    step("n", "GET /s/{token}", token="{link}"),
    a(f"GET {PAGES}", workspace="north"),
    a(f"GET {SPACE}/usage", workspace="north"),
    a(f"POST {PAGES}", {"title": "outsider's"}, workspace="north"),
    a(f"DELETE {PAGE}", pageId="{vp}", workspace="north"),
    a(f"POST {KEYS}", {"name": "outsider's"}, workspace="north"),
    weak(f"POST {PAGES}", {"title": "a guest's"}),
    weak(f"POST {SPACE}/invitations", {"email": "friend@x.example", "role": "owner"}),
    weak(f"PATCH {SPACE}", {"name": "a guest's"}),
    weak(f"GET {KEYS}"),
    weak(f"POST {SPACE}/exports"),
    weak(f"POST {KEYS}", {"name": "a guest's", "scopes": ["admin"]}),
    weak(f"PATCH {SPACE}/members/{{userId}}", {"role": "owner"}, userId="{vu}"),
    a("GET /users/lookup", {"email": "sue@board.example"}, "su=userId"),
    weak(f"PATCH {SPACE}/members/{{userId}}", {"role": "owner"}, userId="{su}"),
    a("POST /auth/signout"),
    a("GET /me"),
]
ECHOES = {"GET /w/{workspace}/search"}
