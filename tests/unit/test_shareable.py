from __future__ import annotations

import json

from octoprint_layercapture.config import parse
from octoprint_layercapture.shareable import shareable

SECRETS = ("s3cret-user", "s3cret-pass", "s3cret-token", "s3cret-query", "s3cret-part")
URL = "http://s3cret-user:s3cret-pass@camera.local:8080/snap?key=s3cret-query#s3cret-part"


def test_settings_are_shared_without_anything_secret():
    config, problems = parse(
        {
            "cameras": {
                "url": URL,
                "auth": "basic",
                "username": SECRETS[0],
                "password": SECRETS[1],
                "token": SECRETS[2],
            },
            "grid": {"columns": 5},
        }
    )
    assert problems == []
    shared = shareable(config)
    text = json.dumps(shared)
    assert not [secret for secret in SECRETS if secret in text]
    assert shared["cameras"]["url"] == "http://camera.local:8080/snap"
    assert shared["cameras"]["auth"] == "basic"
    assert shared["grid"]["columns"] == 5


def test_a_url_that_is_none_is_left_out():
    config, _ = parse({})
    broken = config.cameras.model_copy(update={"url": "http://[broken"})
    shared = shareable(config.model_copy(update={"cameras": broken}))
    assert shared["cameras"]["url"] == ""
