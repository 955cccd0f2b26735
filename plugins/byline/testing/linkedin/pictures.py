"""Pictures: announced, uploaded, looked through for a while, then ready."""

from __future__ import annotations

from datetime import timedelta

from byline.testing.linkedin.access import Access
from byline.testing.linkedin.shapes import Image, Member, denied, error
from byline.testing.server import Answer, Call, PostedImage, answer
from byline.times import Clock


class Pictures(Access):
    """What becomes of a picture before a post shows it."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.stuck = False  # pictures stay in PROCESSING
        self.secretive = 0  # a status that answers every question about a picture
        self.processing = timedelta(0)
        self._images: dict[str, Image] = {}

    def _initialize(self, call: Call, member: Member) -> Answer:
        body = call.json()
        asked = body.get("initializeUploadRequest") if isinstance(body, dict) else None
        owner = asked.get("owner") if isinstance(asked, dict) else None
        if call.params.get("action") != "initializeUpload" or not isinstance(owner, str):
            return error(400, "initializeUploadRequest.owner is required")
        if not self._may_write(member, owner):
            return denied()
        urn = f"urn:li:image:C4E10AQ{len(self._images) + 1:06d}"
        self._images[urn] = Image(urn=urn, owner=owner, made=self.clock.now())
        expires = int((self.clock.now() + timedelta(days=1)).timestamp() * 1000)
        upload = f"{self.url}/dms-uploads/{urn.rpartition(':')[2]}"
        return answer(200, {"value": {"uploadUrlExpiresAt": expires, "uploadUrl": upload, "image": urn}})

    def _receive(self, call: Call, member: Member) -> Answer:
        image = self._images.get("urn:li:image:" + call.path.rpartition("/")[2])
        if image is None or call.method != "PUT" or not self._may_write(member, image.owner):
            return error(404, "no such upload")
        mime = _mime(call.body)
        if not mime:
            return error(415, "the picture must be JPG, PNG or GIF")
        image.picture = PostedImage(data=call.body, mime=mime)
        image.made = self.clock.now()
        return Answer(status=201)

    def _image_state(self, urn: str, member: Member) -> Answer:
        if self.secretive:
            return error(self.secretive, "not to be told")
        if "r_organization_social" not in member.scopes and "w_organization_social" not in member.scopes:
            return denied()
        image = self._images.get(urn)
        if image is None:
            return error(404, "no such image")
        return answer(200, {"id": urn, "owner": image.owner, "status": self._state(image)})

    def _state(self, image: Image) -> str:
        if image.picture is None:
            return "WAITING_UPLOAD"
        if self.stuck or self.clock.now() < image.made + self.processing:
            return "PROCESSING"
        return "AVAILABLE"


def _mime(data: bytes) -> str:
    for start, mime in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n", "image/png"),
        (b"GIF8", "image/gif"),
    ):
        if data.startswith(start):
            return mime
    return ""
