from apps.access.roles import Role
from apps.notifications import services
from apps.notifications.models import Notification


def tell(side, person, key="1"):
    with side.scope():
        services.notify(
            recipients=[person.membership.id],
            kind="approval.waiting",
            key=key,
            title=f"Story {key} waits",
            body="Line one.\nLine <b>two</b>.",
            path=side.url("organizations:settings"),
        )
        return Notification.objects.get(key=key)


def stored(side, row):
    with side.scope():
        return Notification.objects.get(id=row.id)


def test_what_leads_nowhere_is_read_on_its_own_page(world):
    cfo = world.a.person(Role.CFO)
    row = tell(world.a, cfo)
    with world.a.scope():
        Notification.objects.filter(id=row.id).update(path="")
    text = cfo.client().get(world.a.url("notifications:one", row.id)).content.decode()
    assert "Line &lt;b&gt;two&lt;/b&gt;." in text
    assert stored(world.a, row).read_at is not None


def test_opening_a_notification_reads_it(world):
    cfo = world.a.person(Role.CFO)
    row, _ = tell(world.a, cfo), tell(world.a, cfo, "2")
    browser, url = cfo.client(), world.a.url("notifications:list")
    page = browser.get(url).content.decode()
    assert "Story 1 waits" in page
    assert "Mark all 2 as read" in page
    assert "Line one." in page
    one = world.a.url("notifications:one", row.id)
    assert f'href="{one}"' in page
    for look in (browser.head(one), browser.get(one, headers={"Sec-Purpose": "prefetch"})):
        assert look["Location"] == world.a.url("organizations:settings")
    assert "Mark all 2 as read" in browser.get(url).content.decode()
    opened = browser.get(one)
    assert (opened.status_code, opened["Location"]) == (302, world.a.url("organizations:settings"))
    first = stored(world.a, row).read_at
    assert first is not None
    assert browser.get(one)["Location"] == world.a.url("organizations:settings")
    assert stored(world.a, row).read_at == first
    assert "Story 1 waits" not in browser.get(url + "?new=1").content.decode()
    assert browser.post(world.a.url("notifications:read_all"))["Location"] == url
    assert "Mark all" not in browser.get(url).content.decode()
    assert browser.get(world.a.url("notifications:read_all")).status_code == 405


def test_an_empty_inbox_says_what_will_be_here(world):
    page = world.a.client(Role.VIEWER).get(world.a.url("notifications:list"))
    assert b"Nothing to tell you yet" in page.content


def test_others_do_not_read_it(world):
    row = tell(world.a, world.a.person(Role.CFO))
    url = world.a.url("notifications:one", row.id)
    assert world.a.client(Role.OWNER).get(url).status_code == 404
    foreign = world.b.url("notifications:one", row.id)
    assert world.b.client().get(foreign).status_code == 404
    assert stored(world.a, row).read_at is None


def test_the_api(world):
    cfo = world.a.person(Role.CFO)
    row = tell(world.a, cfo)
    browser, headers = cfo.client(), {"X-TokenOps-Organization": "acme"}
    rows = browser.get("/api/v1/notifications/", headers=headers).json()["results"]
    assert [entry["id"] for entry in rows] == [str(row.id)]
    done = browser.post(f"/api/v1/notifications/{row.id}/read/", headers=headers)
    assert done.json()["read_at"] is not None
    other = world.a.client(Role.OWNER)
    assert other.post(f"/api/v1/notifications/{row.id}/read/", headers=headers).status_code == 404


def test_what_one_is_mailed_is_chosen_on_a_page(world):
    browser, url = world.a.client(Role.CFO), world.a.url("notifications:preferences")
    assert "The digest leaves at" in browser.get(url).content.decode()
    values = {"budget": "digest", "approval": "now", "hour": "7", "weekends": "on"}
    assert browser.post(url, values).status_code == 302
    page = browser.get(url).content.decode()
    assert '<option value="7" selected>07:00</option>' in page
    assert browser.post(url, {**values, "budget": "fax"}).status_code == 422
    headers = {"X-TokenOps-Organization": world.a.slug}
    found = browser.get("/api/v1/notifications/preferences/", headers=headers).json()
    assert (found["emails"]["budget"], found["hour"], found["weekends"]) == ("digest", 7, True)
    body = {"emails": {"budget": ""}, "hour": 9}
    done = browser.put(
        "/api/v1/notifications/preferences/", body, "application/json", headers=headers
    ).json()
    assert (done["emails"]["budget"], done["emails"]["approval"], done["hour"]) == ("", "now", 9)
