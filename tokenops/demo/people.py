"""Who logs in to the demonstration: one person per role, from the simulated company."""

from dataclasses import dataclass

from apps.access.roles import Role
from tokenops.simulator.company import COMPANY


@dataclass(frozen=True, slots=True)
class Login:
    """A person, the role and where it is bound: a team's code, or empty for the organization."""

    name: str
    role: Role
    team: str = ""

    @property
    def email(self) -> str:
        found = next((p.email for p in COMPANY.people if p.name == self.name), "")
        return found or f"{self.name.lower().replace(' ', '.')}@{COMPANY.domain}"


OWNER = Login("Margit Solberg", Role.OWNER)

#: One per role, in the order of the table that `make demo` prints.
LOGINS = (
    OWNER,
    Login("Anselm Whitlock", Role.CIO),
    Login("Dunya Karimova", Role.CTO),
    Login("Vincent Achterberg", Role.CFO),
    Login("Noor El-Sayed", Role.CDO),
    Login("Caspian Reyes", Role.EA),
    Login("Thea Lindqvist", Role.TOKENOPS_LEAD),
    Login("Jonah Abara", Role.TOKENOPS_ANALYST),
    Login("Imani Okonjo", Role.UNIT_LEAD, "CLM"),
    Login("Arjun Bhatt", Role.MEMBER, "DVX"),
    Login("Wren Castellane", Role.AUDITOR),
    Login("Rowan Ives", Role.VIEWER),
    Login("Sasha Trent", Role.ADMIN),
)


def leads() -> list[Login]:
    """Every team's lead who has no login above."""
    named = {login.name for login in LOGINS}
    by_email = {person.email: person.name for person in COMPANY.people}
    return [
        Login(by_email[team.lead], Role.UNIT_LEAD, team.code)
        for team in COMPANY.teams
        if team.lead in by_email and by_email[team.lead] not in named
    ]
