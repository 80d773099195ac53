"""Calls that several test modules make."""

BAD_TOKEN = 'Bearer realm="plaza", error="invalid_token"'


def me(api, token):
    return api.get("/api/users/me", HTTP_AUTHORIZATION=f"Bearer {token}")


def renew(api, token):
    return api.post("/api/auth/token/refresh", {"refresh": token})


def assert_refused(response):
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    assert response["WWW-Authenticate"] == BAD_TOKEN
