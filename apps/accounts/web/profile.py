"""The person's own page, outside any organization."""

from typing import Any, cast

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.urls import reverse

from apps.access.web import signed_in
from apps.accounts.models import User
from apps.accounts.services import change_profile
from apps.accounts.web.forms import ProfileForm
from apps.common.web.forms import FormPage
from apps.tenancy import doors


@signed_in("a person's own name, colours and security settings")
class Profile(FormPage):
    """Name, colours and shortcuts; links to password and second factor."""

    form_class = ProfileForm
    template_name = "accounts/profile.html"
    title = "Your profile"
    submit_label = "Save profile"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_initial(self) -> dict[str, Any]:
        return {
            "name": self.user.name,
            "theme": self.user.theme,
            "shortcuts": self.user.shortcuts,
        }

    def save(self, form: ProfileForm) -> str:
        change_profile(user=self.user, **form.cleaned_data)
        messages.success(self.request, "Profile saved.")
        return reverse("accounts:profile")

    def extra_context(self, form: Any) -> dict[str, Any]:
        kinds = Authenticator.objects.filter(user=self.user).values_list("type", flat=True)
        return {
            "second_factor": any(kind != Authenticator.Type.RECOVERY_CODES for kind in kinds),
            "organizations": doors.memberships_of(self.user.pk),
        }
