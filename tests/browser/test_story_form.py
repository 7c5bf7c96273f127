"""From a pattern to a submitted story, as somebody who has never filed one, by keyboard."""

from apps.access.roles import Role
from apps.stories.models import TokenStory


def test_a_first_story_by_keyboard_from_a_pattern(site):
    with site.visit(Role.UNIT_LEAD) as watched:
        page = watched.open(site.path("stories:new"))
        page.get_by_role("link", name="Agent").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**template=agent**")
        estimate = page.locator("#estimate")
        assert "a month, likely" in estimate.inner_text()
        page.get_by_label("Name").focus()
        page.keyboard.type("Claims agent")
        page.select_option(
            "[name=unit]", label=page.locator("[name=unit] option").nth(1).inner_text()
        )
        ask = page.get_by_role("button", name="Ask for")
        ask.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('[name=cap]').value !== ''")
        assert page.get_by_label("Name", exact=True).input_value() == "Claims agent"
        assert "Within cap" in page.locator("#estimate").inner_text()
        page.get_by_label("Why you believe it").focus()
        page.keyboard.type("Six adjusters tried it.")
        page.get_by_role("button", name="Submit version 1").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/stories/TS-*/")
        assert "Claims agent" in page.get_by_role("heading", level=1).inner_text()
        assert watched.problems == []
    with site.world.a.scope():
        story = TokenStory.objects.get(title="Claims agent")
        assert (story.status, story.pattern) == ("submitted", "agent")


def test_a_lever_and_a_slider_answer_at_once(site):
    with site.visit(Role.UNIT_LEAD) as watched:
        page = watched.open(site.path("stories:new") + "?template=retrieval")
        before = page.locator("#sum-tokens").inner_text()
        page.get_by_role("button", name="Use: Trim context by 30%").click()
        page.wait_for_function(
            "before => document.querySelector('#sum-tokens').innerText !== before", arg=before
        )
        page.get_by_text("Try your own values").click()
        page.locator("#w_volume").fill("200")
        page.wait_for_function("document.querySelector('#w_volume_out').innerText.includes('+$')")
        assert "With your what-if" in page.locator("#estimate").inner_text()
        assert watched.problems == []
