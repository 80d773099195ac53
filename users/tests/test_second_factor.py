"""The second factor: at the API's sign-in, its codes, its recovery codes, its secret."""

import time

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core.management import CommandError, call_command
from django.utils import timezone

from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_threads import together
from users import services
from users.auth import second_factor
from users.errors import InvalidSecondFactor, LoginLocked, SecondFactorExists
from users.models import SecondFactor, Session
from users.tests.factories import PASSWORD, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
START = 1_800_000_015  # the middle of a time step


def app_of(factor):
    """Return what makes codes as a phone does: not with our own settings of it."""
    secret = second_factor.opened(factor)
    return TOTP(secret, 6, SHA1(), 30)  # noqa: S303 - RFC 6238's


class Clock:
    """What the server's clock says, and the codes that a phone shows at some other time."""

    def __init__(self, monkeypatch):
        self.now = START
        monkeypatch.setattr(second_factor, "present_step", lambda: self.now // 30)

    def code(self, factor, *, ahead=0):
        return app_of(factor).generate(self.now + ahead).decode()


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def user(clock):
    """Return somebody of the staff with a second factor, and the recovery codes beside."""
    made = UserFactory(role=Role.SUPPORT)
    second_factor.begin(user=made)
    factor = SecondFactor.objects.get()
    made.codes = second_factor.confirm(user=made, otp=clock.code(factor))
    made.factor = factor
    clock.now += 300
    return made


def sign_in(api, user, **body):
    return api.post("/api/auth/token", {"email": user.email, "password": PASSWORD, **body})


def outcome(response):
    return response.status_code, response.json().get("code", "")


REFUSED = (401, "invalid_otp")
SIGNED_IN = (200, "")


def test_without_a_second_factor_nothing_changes(api):
    user = UserFactory(role=Role.ADMIN)
    assert outcome(sign_in(api, user)) == SIGNED_IN
    assert outcome(sign_in(api, user, otp="123456")) == SIGNED_IN


def test_a_started_one_is_not_asked_for_yet(api, clock):
    user = UserFactory(role=Role.ADMIN)
    second_factor.begin(user=user)
    assert outcome(sign_in(api, user)) == SIGNED_IN


def test_the_password_alone_is_not_enough_and_a_code_beside_it_is(api, user, clock):
    response = sign_in(api, user)
    assert outcome(response) == (401, "second_factor_required")
    assert response["WWW-Authenticate"] == 'Bearer realm="plaza"'
    assert "plaza_device" not in response.cookies
    assert outcome(sign_in(api, user, otp="")) == (401, "second_factor_required")
    assert not Session.objects.exists()
    response = sign_in(api, user, otp=clock.code(user.factor))
    assert outcome(response) == SIGNED_IN
    assert Session.objects.count() == 1
    renewed = api.post("/api/auth/token/refresh", {"refresh": response.json()["refresh"]})
    assert renewed.status_code == 200, "a refresh takes no code"


def test_who_lacks_the_password_learns_of_no_second_factor(api, user, clock):
    for otp in ("", clock.code(user.factor)):
        response = sign_in(api, user, password="a guess", otp=otp)
        assert outcome(response) == (401, "invalid_credentials")
    assert outcome(sign_in(api, user, otp=clock.code(user.factor))) == SIGNED_IN, "not used up"


def test_a_code_is_good_once_and_older_ones_are_not_any_more(api, user, clock):
    code, before = clock.code(user.factor), clock.code(user.factor, ahead=-30)
    assert outcome(sign_in(api, user, otp=code)) == SIGNED_IN
    assert outcome(sign_in(api, user, otp=code)) == REFUSED
    assert outcome(sign_in(api, user, otp=before)) == REFUSED
    clock.now += 30
    assert outcome(sign_in(api, user, otp=clock.code(user.factor))) == SIGNED_IN


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (-30, SIGNED_IN),
        (30, SIGNED_IN),
        (-60, REFUSED),
        (60, REFUSED),
        (-90, REFUSED),
        (90, REFUSED),
    ],
)
def test_a_clock_may_be_off_by_one_step(api, user, clock, ahead, expected):
    assert outcome(sign_in(api, user, otp=clock.code(user.factor, ahead=ahead))) == expected


def test_ten_guesses_an_hour(api, user, clock):
    right = clock.code(user.factor)
    wrong = f"{(int(right) + 500_000) % 1_000_000:06}"
    for _time in range(10):
        assert outcome(sign_in(api, user, otp=wrong)) == REFUSED
    response = sign_in(api, user, otp=right)
    assert outcome(response) == (429, "login_locked")
    assert 3500 < int(response["Retry-After"]) <= 3601
    for code in (user.codes[0], wrong):
        assert outcome(sign_in(api, user, otp=code)) == (429, "login_locked")
    assert outcome(sign_in(api, user)) == (401, "second_factor_required")


def test_a_new_password_forgets_no_guesses_at_the_code(api, user):
    for _time in range(10):
        sign_in(api, user, otp="no code")
    from users import resets
    from users.auth import links

    _link, token = links.make_link(user=user)
    resets.set_password(token=token, password="another good phrase")
    answer = sign_in(api, user, password="another good phrase", otp=user.codes[0])
    assert outcome(answer) == (429, "login_locked")
    assert second_factor.of(user) is not None


@pytest.mark.parametrize(
    "otp",
    ["0", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "x" * 40, " "],
)
def test_what_is_no_code_is_refused(api, user, otp):
    expected = (401, "second_factor_required") if otp == " " else REFUSED
    assert outcome(sign_in(api, user, otp=otp)) == expected


@pytest.mark.parametrize("otp", [123456, None, ["123456"], {"code": 1}, "x" * 41, "a\x00b"])
def test_what_is_no_text_is_refused_by_name(api, user, otp):
    assert sign_in(api, user, otp=otp).status_code == 400


def test_a_code_may_be_typed_with_a_blank(api, user, clock):
    code = clock.code(user.factor)
    assert outcome(sign_in(api, user, otp=f"{code[:3]} {code[3:]}")) == SIGNED_IN


def test_each_recovery_code_is_good_once(api, user):
    assert len(set(user.codes)) == 10
    first, second, *_others = user.codes
    assert outcome(sign_in(api, user, otp=first)) == SIGNED_IN
    assert outcome(sign_in(api, user, otp=first)) == REFUSED
    assert outcome(sign_in(api, user, otp=second.upper().replace("-", " "))) == SIGNED_IN
    entry = JournalEntry.objects.filter(model="users.SecondFactor").latest("pk")
    assert entry.changes == {"recovery_digests": None}
    assert entry.reason == "A recovery code was used, 8 are left."


def test_secret_and_codes_are_stored_sealed_or_hashed(user, api, logged, clock):
    code = clock.code(user.factor)
    sign_in(api, user, otp=code)
    secret = second_factor.opened(user.factor)
    row = SecondFactor.objects.values().get()
    stored = str([{**row, "secret": bytes(row["secret"])}, *JournalEntry.objects.values()])
    assert secret not in bytes(row["secret"])
    for text in (*user.codes, code, secret.hex()):
        assert text not in stored
        assert not any(text in str(vars(record)) for record in logged)


def test_a_former_secret_key_still_opens_and_the_secret_is_sealed_anew(api, user, clock, settings):
    code = clock.code(user.factor)
    former = settings.SECRET_KEY
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [former], "another-" + "k" * 40
    assert outcome(sign_in(api, user, otp=code)) == SIGNED_IN
    assert outcome(sign_in(api, user, otp=user.codes[0])) == SIGNED_IN
    settings.SECRET_KEY_FALLBACKS = []
    clock.now += 60
    factor = SecondFactor.objects.get()
    assert outcome(sign_in(api, user, otp=clock.code(factor))) == SIGNED_IN
    settings.SECRET_KEY = "lost-" + "k" * 40
    assert outcome(sign_in(api, user, otp="123456")) == REFUSED


def test_a_sealed_secret_is_good_for_its_owner_alone(user):
    SecondFactor.objects.update(user=UserFactory())
    with pytest.raises(InvalidSecondFactor):
        second_factor.opened(SecondFactor.objects.get())


# --- demanding it ------------------------------------------------------------------------------
def test_staff_must_set_it_up_first_where_it_is_required(api, user, clock, settings, client_for):
    settings.STAFF_SECOND_FACTOR = "required"
    boss = UserFactory(role=Role.ADMIN)
    caller = client_for(boss)
    assert outcome(sign_in(api, boss)) == (403, "second_factor_setup_required")
    assert outcome(sign_in(api, boss, password="a guess")) == (401, "invalid_credentials")
    assert caller.get("/api/users/me").status_code == 200, "who is signed in stays so"
    for role in (Role.USER, Role.SELLER, Role.CLINICIAN):
        assert outcome(sign_in(api, UserFactory(role=role))) == SIGNED_IN
    assert outcome(sign_in(api, user, otp=clock.code(user.factor))) == SIGNED_IN


def test_who_is_no_longer_staff_is_still_asked(api, user):
    services.update_user(user=user, role=Role.USER)
    assert outcome(sign_in(api, user)) == (401, "second_factor_required")


# --- having one --------------------------------------------------------------------------------
def test_a_second_one_takes_the_removal_of_the_first(user):
    with pytest.raises(SecondFactorExists):
        second_factor.begin(user=user)
    with pytest.raises(InvalidSecondFactor):
        second_factor.confirm(user=user, otp="123456")


def test_beginning_again_replaces_what_was_not_confirmed(clock):
    user = UserFactory()
    second_factor.begin(user=user)
    first = clock.code(SecondFactor.objects.get())
    second_factor.begin(user=user)
    with pytest.raises(InvalidSecondFactor):
        second_factor.confirm(user=user, otp=first)
    assert second_factor.of(user) is None


def test_guesses_at_the_first_code_count(clock):
    user = UserFactory()
    second_factor.begin(user=user)
    for _time in range(10):
        with pytest.raises(InvalidSecondFactor):
            second_factor.confirm(user=user, otp="no code")
    with pytest.raises(LoginLocked):
        second_factor.confirm(user=user, otp=clock.code(SecondFactor.objects.get()))


def test_a_removed_user_has_none(user):
    services.remove_user(user=user)
    assert not SecondFactor.objects.exists()


def test_the_command_is_the_way_back_for_the_only_administrator(user, api, capsys):
    SessionFactory(user=user)
    call_command("remove_second_factor", user.email.upper())
    assert capsys.readouterr().out == "Removed.\n"
    assert not SecondFactor.objects.exists()
    assert Session.objects.get().revoked_reason == "The second factor was removed."
    entry = JournalEntry.objects.filter(model="users.SecondFactor", action="delete").get()
    assert (entry.actor_kind, entry.reason) == ("command", "manage.py")
    call_command("remove_second_factor", user.email)
    assert capsys.readouterr().out == "There is none.\n"
    with pytest.raises(CommandError):
        call_command("remove_second_factor", "nobody@example.com")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_many_who_send_a_code_at_once_one_is_let_in(user, clock, kind):
    code = clock.code(user.factor) if kind == "app" else user.codes[0]
    answers = together(6, lambda _number: second_factor.check(user=user, otp=code))
    refused = [answer for answer in answers if answer is not None]
    assert [type(answer) for answer in refused] == [InvalidSecondFactor] * 5


def test_the_real_clock_agrees(api):
    user = UserFactory()
    second_factor.begin(user=user)
    app = app_of(SecondFactor.objects.get())
    second_factor.confirm(user=user, otp=app.generate(int(time.time())).decode())
    assert SecondFactor.objects.get().confirmed_at <= timezone.now()
