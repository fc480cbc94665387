"""What can an attacker with a pencil do to the campus, step by step?

`v` is the admin of Oak School and `w` a student there. At Elm Academy `a` is the admin, `m` and `t`
are its teacher, `l` and `c` students. `n` is nobody. `t` does what everybody may do to others.
"""

from __future__ import annotations

from tests.targets.heldout_attacks import step
from tests.targets.heldout_campus_target import (
    COURSE,
    FILE,
    INVITATION,
    LESSON,
    LESSONS,
    MEMBER,
    MESSAGE,
    MODULES,
    ORG,
    SUBMISSION,
)

PARTS = {"Content-Type": "multipart/form-data"}
KEY, REPORT = "/me/keys/{keyId}", "/reports/{reportId}"
OPEN = {"title": "open course", "notes": "victim's notes"}
NEW = {"password": "pw", "name": "New", "organisation": "New School"}
VICTIMS = {"courseId": "{vc}", "moduleId": "{vm}", "lessonId": "{vl}"}
MINE = {"courseId": "{ac}", "moduleId": "{am}", "lessonId": "{al}"}


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {{{name}}}"}


CAMPUS = [
    step("v", "GET /me", None, "vu=userId"),
    step("w", "GET /me", None, "wu=userId"),
    step("l", "GET /me", None, "lu=userId"),
    step("c", "GET /me", None, "cu=userId"),
    step("v", "POST /courses", {"title": "victim's", "notes": "n"}, "vc=courseId"),
    step("v", "POST /courses", {"title": "victim's second"}),
    step("v", "POST /courses", OPEN, "vo=courseId"),
    step("v", f"PUT {COURSE}/publication", courseId="{vo}"),
    step("v", f"POST {MODULES}", {"title": "victim's"}, "vm=moduleId", courseId="{vc}"),
    step(
        *("v", f"POST {LESSONS}", {"title": "victim's lesson"}, "vl=lessonId"),
        courseId="{vc}",
        moduleId="{vm}",
    ),
    step("v", f"POST {COURSE}/submissions", {"text": "victim's"}, "vs=submissionId", **VICTIMS),
    step("v", "POST /files", {"file": "victim's file"}, "vf=fileId", PARTS),
    step("v", "POST /messages", {"toUserId": "{wu}", "text": "victim's"}, "vg=messageId"),
    step("w", "GET /notifications", None, "vn=notificationId"),
    step("v", "POST /me/keys", {"name": "victim's key"}, "vk=keyId"),
    step("v", f"POST {ORG}/invitations", {"email": "w@w.example"}, "vi=invitationId", orgId="oak"),
    step("v", "POST /courses", {"title": "victim's old"}, "vt=courseId"),
    step("v", "POST /courses", {"title": "victim's older"}, "vt2=courseId"),
    step("v", f"DELETE {COURSE}", courseId="{vt}"),
    step("v", f"DELETE {COURSE}", courseId="{vt2}"),
    step("v", "GET /courses", {"limit": "1"}, "cursor=next"),
    step("v", "POST /reports", None, "vr=reportId"),
    step("a", "POST /courses", {"title": "mine"}, "ac=courseId"),
    step("a", "POST /courses", {"title": "mine too"}, "ac2=courseId"),
    step("a", f"POST {MODULES}", {"title": "mine"}, "am=moduleId", courseId="{ac}"),
    step("a", f"POST {LESSONS}", {"title": "mine"}, "al=lessonId", **MINE),
    step("c", f"POST {COURSE}/submissions", {"text": "classmate's"}, "cs=submissionId", **MINE),
    step("l", f"POST {COURSE}/submissions", {"text": "mine"}, "ls=submissionId", **MINE),
    # What others show on purpose, and what they do not.
    step("n", "GET /catalogue"),
    step("t", f"POST {COURSE}/clone", None, "tc=courseId", courseId="{vo}"),
    step("v", f"DELETE {COURSE}/publication", courseId="{vo}"),
    step("a", f"GET {COURSE}", {"expand": "owner,modules,clonedFrom"}, courseId="{tc}"),
    step("t", "POST /messages", {"toUserId": "{vu}", "text": "hello"}),
    step("t", "PUT /users/{userId}/follow", userId="{vu}"),
    step("t", "GET /me/following"),
    step("a", "GET /users/{userId}", userId="{vu}"),
    step("a", f"GET {COURSE}", courseId="{vc}"),
    step("a", f"GET {SUBMISSION}", submissionId="{vs}"),
    step("l", f"GET {SUBMISSION}", submissionId="{cs}"),
    step("l", f"GET {COURSE}/submissions", **MINE),
    step("a", f"GET {COURSE}/submissions", courseId="{vc}"),
    step("a", f"GET {MESSAGE}", messageId="{vg}"),
    step("a", f"GET {FILE}", fileId="{vf}"),
    step("a", f"GET {FILE}/content", fileId="{vf}"),
    step("a", f"GET {REPORT}", reportId="{vr}"),
    step("a", f"GET {ORG}", orgId="oak"),
    step("a", f"GET {ORG}/members", orgId="oak"),
    step("a", f"GET {ORG}/invitations", orgId="oak"),
    step("a", f"GET {MODULES}", courseId="{vc}"),
    step("a", f"GET {LESSONS}", courseId="{vc}", moduleId="{vm}"),
    step("a", f"GET {LESSONS}", courseId="{ac}", moduleId="{vm}"),
    step("a", f"GET {LESSON}", **VICTIMS),
    step("a", f"GET {LESSON}", **MINE | {"lessonId": "{vl}"}),
    step("a", "GET /courses"),
    step("a", "GET /courses", {"filter": "orgId eq 'oak'"}),
    step("a", "GET /courses", {"cursor": "{cursor}"}),
    step("a", "GET /courses", headers={"X-Org-Id": "oak"}),
    step("a", "GET /courses/count"),
    step("a", "GET /trash"),
    step("a", "GET /files"),
    step("a", "GET /search", {"q": "victim"}),
    step("a", "GET /notifications", {"userId": "{wu}"}),
    step("a", f"PUT {COURSE}/favourite", courseId="{vc}"),
    step("a", "GET /me/favourites"),
    # What one may not do oneself.
    step("l", "POST /courses", {"title": "student's"}),
    step("l", f"POST {SUBMISSION}/grade", {"grade": 99}, submissionId="{cs}"),
    step("l", f"POST {SUBMISSION}/grade", {"grade": 99}, submissionId="{ls}"),
    step("l", f"PATCH {SUBMISSION}", {"text": "better", "grade": 98}, submissionId="{ls}"),
    step("l", f"PATCH {SUBMISSION}", {"text": "worse"}, submissionId="{cs}"),
    step("l", "GET /trash"),
    step("m", f"POST {ORG}/invitations", {"role": "admin"}, orgId="elm"),
    step("m", f"PATCH {MEMBER}", {"role": "teacher"}, orgId="elm", userId="{lu}"),
    step("m", f"DELETE {MEMBER}", orgId="elm", userId="{lu}"),
    step("l", "PATCH /me", {"name": "Sue", "role": "admin"}),
    step("n", "POST /signup", NEW | {"email": "n@n.example", "orgId": "oak"}),
    step("a", f"POST {ORG}/invitations", {"role": "student"}, "code=code", orgId="elm"),
    step(
        *("n", "POST /join", NEW | {"code": "{code}", "email": "j@j.example", "role": "admin"}),
        "ju=userId j=token",
    ),
    step("n", "POST /join", NEW | {"code": "{code}", "email": "k@k.example"}),
    # What is written where it does not belong.
    step("a", "POST /courses", {"title": "planted", "orgId": "oak"}),
    step("a", f"PUT {COURSE}", {"title": "changed"}, courseId="{vc}"),
    step("a", f"PUT {COURSE}", {"title": "changed"}, "", {"If-Match": "*"}, courseId="{vc}"),
    step("a", f"POST {MODULES}", {"title": "attacker's"}, courseId="{vc}"),
    step("a", f"PATCH {MODULES}/{{moduleId}}", {"title": "x"}, courseId="{ac}", moduleId="{vm}"),
    step("a", f"POST {LESSONS}", {"title": "attacker's"}, courseId="{vc}", moduleId="{vm}"),
    step("a", f"POST {LESSONS}", {"title": "a", "fileId": "{vf}"}, **MINE),
    step("a", f"PUT {LESSON}", {"title": "changed"}, **VICTIMS),
    step("a", f"PUT {LESSON}", {"title": "changed"}, **MINE | {"lessonId": "{vl}"}),
    step("a", f"POST {COURSE}/submissions", {"text": "attacker's"}, courseId="{vc}"),
    step("a", f"PATCH {SUBMISSION}", {"text": "changed"}, submissionId="{vs}"),
    step("a", f"POST {SUBMISSION}/grade", {"grade": 1}, submissionId="{vs}"),
    step("a", "POST /messages", {"toUserId": "{cu}", "text": "see", "replyTo": "{vg}"}),
    step("a", f"POST {COURSE}/clone", courseId="{vc}"),
    step("a", f"POST {COURSE}/restore", courseId="{vt}"),
    step("a", f"PUT {COURSE}/publication", courseId="{vc}"),
    step("a", f"POST {FILE}/link", fileId="{vf}"),
    step("a", "POST /notifications/{notificationId}/read", notificationId="{vn}"),
    step("a", f"PATCH {ORG}", {"name": "changed"}, orgId="oak"),
    step("a", f"POST {ORG}/invitations", {"role": "admin"}, orgId="oak"),
    step("a", f"PATCH {MEMBER}", {"role": "student"}, orgId="oak", userId="{vu}"),
    step("a", f"PATCH {MEMBER}", {"role": "student"}, orgId="elm", userId="{vu}"),
    step("a", f"POST {LESSON}/move", {"moduleId": "{vm}"}, **MINE),
    # What is ended.
    step("a", f"DELETE {MESSAGE}", messageId="{vg}"),
    step("a", f"DELETE {FILE}", fileId="{vf}"),
    step("a", f"DELETE {FILE}/link", fileId="{vf}"),
    step("a", f"DELETE {LESSON}", **VICTIMS),
    step("a", f"DELETE {KEY}", keyId="{vk}"),
    step("a", f"DELETE {INVITATION}", orgId="elm", invitationId="{vi}"),
    step("a", f"DELETE {MEMBER}", orgId="elm", userId="{vu}"),
    step("a", "DELETE /trash/{courseId}", courseId="{vt2}"),
    step("a", "POST /courses/batch-delete", {"courseIds": ["{ac2}", "{vc}"]}),
    step("a", f"DELETE {COURSE}", courseId="{vc}"),
    step("a", "POST /me/keys", {"name": "reader", "scopes": ["read"]}, "rk=secret"),
    step("a", "PATCH /me", {"bio": "written by a reader"}, "", bearer("rk")),
    step("a", "POST /me/keys", {"name": "short", "scopes": ["read"]}, "ak=keyId as=secret"),
    step("a", f"DELETE {KEY}", keyId="{ak}"),
    step("a", "GET /me", None, "", bearer("as")),
    step("a", "POST /files", {"file": "mine"}, "af=fileId", PARTS),
    step("a", f"POST {FILE}/link", None, "at=token", fileId="{af}"),
    step("a", f"DELETE {FILE}/link", fileId="{af}"),
    step("n", "GET /l/{token}", token="{at}"),
    step("a", f"DELETE {MEMBER}", orgId="elm", userId="{ju}"),
    step("a", "GET /me", None, "", bearer("j")),
    step("a", "POST /logout"),
    step("a", "GET /me"),
]
# Where the attacker's own words come back.
ECHOES = {"GET /search"}
# What is answered with success for anything, and changes the caller's own list alone.
HARMLESS = {f"PUT {COURSE}/favourite"}
