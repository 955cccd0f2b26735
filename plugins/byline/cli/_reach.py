"""Tokens that the pipeline of a merge request can see. Told there by `publish check`, since nothing else would show it."""

from __future__ import annotations

from collections.abc import Mapping

from byline.errors import Problem

_ALSO = (  # as other tools spell them
    "FACEBOOK_ACCESS_TOKEN",
    "TWITTER_ACCESS_TOKEN_KEY",
    "TWITTER_API_CONSUMER_KEY",
    "TWITTER_API_CONSUMER_SECRET",
)
_NO_SECRET = ("_ID", "_IDENTIFIER", "_USERNAME")  # they stand beside the secrets, and open nothing alone


def tokens(environment: Mapping[str, str]) -> tuple[Problem, ...]:
    """One mistake for each token of ours within reach of a merge request on GitLab; none anywhere else. No value is read out."""
    if environment.get("CI_PIPELINE_SOURCE") != "merge_request_event":
        return ()
    from byline import starter
    from byline.codehost.gitlab import TOKEN

    ours = {*starter.SECRETS, *starter.CRM_SECRETS, *_ALSO, TOKEN}
    return tuple(
        Problem(
            file=".gitlab-ci.yml",
            line=1,
            key="",
            code="token-in-reach",
            message=f"the variable {name} reaches this merge request's pipeline, so that whoever opens one can read the token",
            fix=f"Settings, CI/CD, Variables, {name}: tick *Protect variable*; then make a new token, since this one was in reach",
        )
        for name in sorted(environment)
        if (base := name.partition("__")[0]) in ours
        and not base.endswith(_NO_SECRET)
        and environment[name].strip()
    )
