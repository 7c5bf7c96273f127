"""From a pattern to a submitted story, as somebody who has never filed one, by keyboard."""

from playwright.sync_api import expect

from apps.access.roles import Role
from apps.stories.models import TokenStory


def test_a_first_story_by_keyboard_from_a_pattern(site):
    with site.visit(Role.UNIT_LEAD) as watched:
        page = watched.open(site.path("stories:new"))
        page.locator("a.start", has_text="Agent").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**template=agent**")
        estimate = page.locator("#estimate")
        assert "a month, likely" in estimate.inner_text()
        page.locator("[name=title]").focus()
        page.keyboard.type("Claims agent")
        page.select_option(
            "[name=unit]", label=page.locator("[name=unit] option").nth(1).inner_text()
        )
        ask = page.get_by_role("button", name="Ask for")
        ask.focus()
        page.keyboard.press("Enter")
        expect(page.locator("[name=cap]")).not_to_have_value("")
        assert page.locator("[name=title]").input_value() == "Claims agent"
        assert "Within cap" in page.locator("#estimate").inner_text()
        page.get_by_label("Why you believe it").focus()
        page.keyboard.type("Six adjusters tried it.")
        page.get_by_role("button", name="Submit version 1").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/stories/TS-*/")
        page.wait_for_load_state("networkidle")
        assert "Claims agent" in page.get_by_role("heading", level=1).inner_text()
        assert watched.problems == []
    with site.world.a.scope():
        story = TokenStory.objects.get(title="Claims agent")
        assert (story.status, story.pattern) == ("submitted", "agent")


def test_a_lever_and_a_slider_answer_at_once(site):
    with site.visit(Role.UNIT_LEAD) as watched:
        page = watched.open(site.path("stories:new") + "?template=retrieval")
        before = page.locator("#sum-tokens").inner_text()
        page.locator("button[value='lever:trim']").click()
        expect(page.locator("#sum-tokens")).not_to_have_text(before)
        page.get_by_text("Try your own values").click()
        page.locator("#w_volume").fill("200")
        expect(page.locator("#w_volume_out")).to_contain_text("+$")
        assert "With your what-if" in page.locator("#estimate").inner_text()
        page.wait_for_timeout(1200)  # the list of similar stories follows a second after a change
        page.wait_for_load_state("networkidle")
        assert watched.problems == []
