"""What is wrong with each build of the campus, what only looks so, and how is it described?

Written before its author had read the engine; committed before the first run.
"""

from __future__ import annotations

from tests.targets.heldout import Planted

ORG, COURSE, FILE = "/orgs/{orgId}", "/courses/{courseId}", "/files/{fileId}"
MEMBER, INVITATION = f"{ORG}/members/{{userId}}", f"{ORG}/invitations/{{invitationId}}"
MODULES = f"{COURSE}/modules"
LESSONS = f"{MODULES}/{{moduleId}}/lessons"
LESSON = f"{LESSONS}/{{lessonId}}"
SUBMISSION, MESSAGE = "/submissions/{submissionId}", "/messages/{messageId}"
FLAWS = {
    "course-read": Planted("read", f"GET {COURSE}"),
    "expand-origin": Planted("read", f"GET {COURSE}"),
    "submission-read": Planted("read", f"GET {SUBMISSION}"),
    "message-read": Planted("read", f"GET {MESSAGE}"),
    "file-content": Planted("read", f"GET {FILE}/content"),
    "profile-email": Planted("read", "GET /users/{userId}"),
    "submission-classmate": Planted("colleague", f"GET {SUBMISSION}"),
    "lessons-list": Planted("nested", f"GET {LESSONS}"),
    "lesson-read": Planted("nested", f"GET {LESSON}"),
    "member-elsewhere": Planted("nested", f"PATCH {MEMBER}"),
    "course-put": Planted("write", f"PUT {COURSE}"),
    "lesson-put": Planted("write", f"PUT {LESSON}"),
    "course-restore": Planted("write", f"POST {COURSE}/restore"),
    "course-clone": Planted("write", f"POST {COURSE}/clone"),
    "notification-read": Planted("write", "POST /notifications/{notificationId}/read"),
    "course-delete": Planted("delete", f"DELETE {COURSE}"),
    "course-purge": Planted("delete", "DELETE /trash/{courseId}"),
    "key-delete": Planted("delete", "DELETE /me/keys/{keyId}"),
    "invitation-elsewhere": Planted("delete", f"DELETE {INVITATION}"),
    "batch-delete": Planted("bulk", "POST /courses/batch-delete"),
    "lesson-move": Planted("reference", f"POST {LESSON}/move"),
    "lesson-file": Planted("reference", f"POST {LESSONS}"),
    "message-quote": Planted("reference", "POST /messages"),
    "courses-filter": Planted("list", "GET /courses"),
    "trash-all": Planted("list", "GET /trash"),
    "favourites-all": Planted("list", "GET /me/favourites"),
    "notifications-of": Planted("list", "GET /notifications"),
    "catalogue-private": Planted("list", "GET /catalogue"),
    "search-lessons": Planted("search", "GET /search"),
    "count-all": Planted("count", "GET /courses/count"),
    "cursor-foreign": Planted("cursor", "GET /courses"),
    "signup-org": Planted("mass assignment", "POST /signup"),
    "join-role": Planted("mass assignment", "POST /join"),
    "me-role": Planted("mass assignment", "PATCH /me"),
    "course-org": Planted("mass assignment", "POST /courses"),
    "submission-grade": Planted("mass assignment", f"PATCH {SUBMISSION}"),
    "course-by-student": Planted("function", "POST /courses"),
    "invite-by-teacher": Planted("function", f"POST {ORG}/invitations"),
    "grade-by-student": Planted("function", f"POST {SUBMISSION}/grade"),
    "role-by-teacher": Planted("function", f"PATCH {MEMBER}"),
    "key-readonly": Planted("scope", "POST /me/keys"),
    "etag-first": Planted("existence", f"PUT {COURSE}"),
    "report-read": Planted("job", "GET /reports/{reportId}"),
    "file-link": Planted("link", f"POST {FILE}/link"),
    "invitation-reused": Planted("revoked", "POST /join"),
    "removed-member": Planted("revoked", f"DELETE {MEMBER}"),
    "key-undead": Planted("revoked", "DELETE /me/keys/{keyId}"),
    "link-undead": Planted("revoked", f"DELETE {FILE}/link"),
    "header-org": Planted("header", "GET /courses"),
}
# What every build does, and is right.
TRAPS = (
    ("GET /catalogue", "courses that their teachers published are everybody's"),
    ("GET /catalogue/{slug}", "so is each of them"),
    ("GET /l/{token}", "whoever has a file's link may download it"),
    ("POST /signup", "anybody may make an organisation; orgId and role in the body are ignored"),
    ("POST /signup", "an address that is known anywhere is refused with 409"),
    ("POST /join", "whoever has the code of an invitation gets into a foreign organisation"),
    ("GET /users/{userId}", "everybody signed in sees everybody's name, bio and organisation"),
    ("PUT /users/{userId}/follow", "204: changes whom the caller follows, across organisations"),
    ("DELETE /users/{userId}/follow", "204 also where nothing was followed"),
    ("GET /me/following", "people of other organisations, by their public profiles"),
    ("PUT /me/preferences", "204 whatever is sent, and only the caller's"),
    ("PATCH /me", "role and orgId in the body are ignored, with 200"),
    ("POST /messages", "anybody may write to anybody, who is then notified"),
    (f"GET {MESSAGE}", "the receiver reads what somebody of another organisation wrote"),
    (f"DELETE {MESSAGE}", "204: hides it from the caller; the other one still has it"),
    (f"PUT {COURSE}/favourite", "204 for any id, which says nothing; only the caller's list"),
    (f"DELETE {COURSE}/favourite", "204 also where nothing was marked"),
    (f"POST {COURSE}/clone", "a published course of another organisation may be copied"),
    (f"GET {COURSE}", "expand=owner shows a colleague's public profile"),
    ("GET /courses", "a filter by another orgId finds nothing, with 200"),
    ("GET /courses", "the documented header X-Org-Id is ignored"),
    ("GET /search", "the question is repeated in the answer"),
    ("POST /courses/batch-delete", "ids of others are repeated as skipped, without effect"),
    ("GET /me/favourites", "ids that the caller may not see are left out"),
    (f"GET {COURSE}/submissions", "a student sees his own only; a teacher everybody's"),
    (f"PUT {COURSE}", "428 without If-Match and 412 with an old one, for one's own only"),
    ("GET /notifications", "userId in the query is ignored"),
    ("POST /notifications/read-all", "204: the caller's own"),
    ("POST /abuse-reports", "202 for anything's id, with nothing read or changed"),
)
# Users of the application's own sign-in; sam is in no target file.
PEOPLE = (
    ("ola", "oak", "admin", "cs_ola_4e1b90"),
    ("tom", "oak", "teacher", "cs_tom_b7720c"),
    ("sid", "oak", "student", "cs_sid_19fa3d"),
    ("eva", "elm", "admin", "cs_eva_c06d5e"),
    ("tia", "elm", "teacher", "cs_tia_52be18"),
    ("sue", "elm", "student", "cs_sue_8a9f47"),
    ("sam", "elm", "student", "cs_sam_ee3021"),
)
ACTOR = """
[[actors]]
tenant = "{tenant}"
role = "{role}"
headers = {{ Authorization = "Bearer ${{{variable}}}" }}
"""
ACTORS = "".join(
    ACTOR.format(tenant=tenant, role="owner" if role == "admin" else role, variable=f"TOKEN_{name}")
    for name, tenant, role, _ in PEOPLE
    if name != "sam"
)
ENVIRONMENT = {f"TOKEN_{name}": token for name, _, _, token in PEOPLE}
HINTS = """
[hints]
roles = ["student", "teacher", "owner"]
public = ["GET /catalogue", "GET /catalogue/{slug}", "GET /l/{token}"]
shared = ["GET /users/{userId}"]
"""
