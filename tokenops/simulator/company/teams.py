"""Divisions, teams and people of Merrowdale Mutual, an insurer that does not exist."""

from tokenops.simulator.company.types import Division, Person, Team

DOMAIN = "merrowdale.example"


def email(name: str) -> str:
    """first.last@domain, without accents and apostrophes."""
    plain = name.translate(str.maketrans("áçéëíïñóöúüåšžć", "aceeiinoouuaszc", "'"))
    return f"{plain.lower().replace(' ', '.')}@{DOMAIN}"


DIVISIONS = (
    Division("CUS", "Customer and Claims", "CC-1000"),
    Division("UND", "Underwriting", "CC-2000"),
    Division("TEC", "Technology", "CC-3000"),
    Division("DAT", "Data and Analytics", "CC-4000"),
    Division("CRP", "Corporate Functions", "CC-5000"),
)

_TEAMS = (
    # code, name, division, cost centre, lead
    ("CLM", "Claims", "CUS", "CC-1010", "Imani Okonjo"),
    ("CTC", "Contact Centre", "CUS", "CC-1020", "Declan Farrow"),
    ("DIG", "Digital Channels", "CUS", "CC-1030", "Sunniva Hale"),
    ("PLN", "Personal Lines", "UND", "CC-2010", "Bettina Krug"),
    ("COM", "Commercial Lines", "UND", "CC-2020", "Rafael Quintanar"),
    ("ACT", "Actuarial", "UND", "CC-2030", "Yuki Tanabe"),
    ("PLT", "Platform Engineering", "TEC", "CC-3010", "Marek Dvorsky"),
    ("DVX", "Developer Experience", "TEC", "CC-3020", "Leila Haddadi"),
    ("COR", "Core Systems", "TEC", "CC-3030", "Gordon Pell"),
    ("SEC", "Information Security", "TEC", "CC-3040", "Adaeze Nwosu"),
    ("DEN", "Data Engineering", "DAT", "CC-4010", "Tomasz Wilk"),
    ("DSC", "Data Science", "DAT", "CC-4020", "Priya Raghavan"),
    ("FIN", "Finance", "CRP", "CC-5010", "Helga Brandt"),
    ("LEG", "Legal and Compliance", "CRP", "CC-5020", "Oisín Mulcahy"),
)

TEAMS = tuple(
    Team(code, name, division, cost_centre, email(lead))
    for code, name, division, cost_centre, lead in _TEAMS
)

EXECUTIVES = (
    ("Margit Solberg", "Chief Executive Officer"),
    ("Anselm Whitlock", "Chief Information Officer"),
    ("Dunya Karimova", "Chief Technology Officer"),
    ("Vincent Achterberg", "Chief Financial Officer"),
    ("Noor El-Sayed", "Chief Data Officer"),
    ("Caspian Reyes", "Enterprise Architect"),
    ("Thea Lindqvist", "TokenOps Lead"),
    ("Jonah Abara", "TokenOps Analyst"),
    ("Wren Castellane", "Internal Auditor"),
)

_STAFF = {
    "CLM": ("Piet van Rooyen", "Carla Mendes"),
    "CTC": ("Shreya Nair", "Lowell Grange"),
    "DIG": ("Emre Aydin", "Fenna Visser"),
    "PLN": ("Oskar Lindahl", "Grace Tembo"),
    "COM": ("Nadia Petrov", "Hugh Ballantyne"),
    "ACT": ("Samira Aziz", "Kenji Mori"),
    "PLT": ("Ingrid Voll", "Tobias Renner"),
    "DVX": ("Arjun Bhatt", "Zofia Nowak", "Levi Stroud"),
    "COR": ("Milena Horvat", "Ross Kincaid"),
    "SEC": ("Dario Conti", "Uma Feld"),
    "DEN": ("Elif Demir", "Anders Holm"),
    "DSC": ("Jasper Lindqvist", "Mei-Ling Chua", "Oluwaseun Bakare"),
    "FIN": ("Rosalind Peck", "Iker Etxeberria"),
    "LEG": ("Camille Rousset", "Bram de Witt"),
}

PEOPLE = (
    *(Person(name, email(name), title) for name, title in EXECUTIVES),
    *(Person(row[4], email(row[4]), f"Head of {row[1]}", row[0]) for row in _TEAMS),
    *(
        Person(name, email(name), "Engineer", team)
        for team, names in _STAFF.items()
        for name in names
    ),
)
