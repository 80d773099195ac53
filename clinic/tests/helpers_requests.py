"""What a caller sends, what is stored, and which errors came."""

JOSE = {
    "first_name": "Jose",
    "last_name": "Villalobos",
    "birth_date": "1955-04-10",
    "email": "pepe@ejemplo.com",
}
NO_STUDIES = {"studies": [], "studies_count": 0}
STUDY = {
    "urgency_level": "HIGH",
    "body_part": "stomach",
    "description": "NO FINDINGS",
    "type": "XRAY",
}


def stored(model):
    return list(model.everything.order_by("pk").values())


def codes(answer):
    return {(error["field"], error["code"]) for error in answer.json()["errors"]}
