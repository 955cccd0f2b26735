"""The code host: what would go out as one note on each merge request, a missing id by one click, and issues for people.

GitHub's workflow does this with GitHub's own command; GitLab has none in a job, so that it is done here. Everything that a
merge request's check left behind is data of somebody whom nobody has looked at: read with limits, shown as code, run never.
"""
