"""Pictures on their way to LinkedIn: uploaded in one piece, and waited for where it tells."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlsplit

from byline.channels import _pictures
from byline.channels.linkedin.calls import LinkedInCalls
from byline.channels.linkedin.network import IMAGE_AT_WORK, IMAGE_LOOKS, IMAGE_WAIT, SERVICE
from byline.channels.linkedin.reading import under
from byline.errors import NotSent, Rejected, RemoteError
from byline.model import Picture


class LinkedInPictures(LinkedInCalls):
    """An account that can be given a picture."""

    def _upload(self, picture: Picture) -> str:
        """The URN of the uploaded picture, ready to be shown."""
        made = _pictures.made(picture, self.caps.image, service=SERVICE, cropped=True)
        answer = self._call(
            "POST",
            "/rest/images?action=initializeUpload",
            json={"initializeUploadRequest": {"owner": self._urn}},
        )
        upload_url, image = (
            under(answer.object(), "value", "uploadUrl"),
            under(answer.object(), "value", "image"),
        )
        if not isinstance(upload_url, str) or not isinstance(image, str):
            raise self._http.broken(answer, service=SERVICE, create=False)
        put = self._http.request(  # in one piece: of several, LinkedIn keeps the last
            "PUT",
            upload_url,
            service=SERVICE,
            headers=self._upload_headers(upload_url) | {"Content-Type": made.mime},
            data=made.data,
        )
        if not put.ok:
            raise self._failure(put, create=False)
        if self.caps.find != "never":  # a member's token may not ask
            self._await_image(image)
        return image

    def _upload_headers(self, url: str) -> dict[str, str]:
        """The token, for LinkedIn's own hosts alone."""
        host, own = urlsplit(url).hostname or "", urlsplit(self._account.api).hostname or ""
        if host == own or host.endswith(".linkedin.com"):
            return {"Authorization": f"Bearer {self._token()}"}
        return {}

    def _await_image(self, image: str) -> None:
        """Wait until the picture is ready, where LinkedIn tells; else a short while, as for a member.

        A page's token may lack the right to ask, and a fresh upload may not be listed yet; the picture is there all
        the same, so an answer that tells nothing never keeps a post back.
        """
        for _ in range(IMAGE_LOOKS):
            status = self._image_status(image)
            if status == "AVAILABLE":
                return
            if status == "PROCESSING_FAILED":
                raise Rejected(
                    "LinkedIn could not read the picture", service=SERVICE, hint="use another picture"
                )
            self._clock.sleep(IMAGE_WAIT)
            if status not in IMAGE_AT_WORK:
                return
        raise NotSent(
            "LinkedIn is still working on the picture; nothing was sent",
            service=SERVICE,
            cause="waiting",
            retry_at=self._clock.now() + timedelta(minutes=2),
            hint="nothing to do: the post stays due and goes out with a later run",
        )

    def _image_status(self, image: str) -> str:
        """What LinkedIn says of the picture; nothing where it refuses to say."""
        try:
            answer = self._call("GET", f"/rest/images/{quote(image, safe='')}")
        except RemoteError as error:
            if error.status in (None, 401, 429):
                raise  # the post itself would meet the same
            return ""
        return str(answer.object().get("status") or "")
