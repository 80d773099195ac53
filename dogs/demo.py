"""Demo dogs, the brief's Lazy among them."""

from django.contrib.auth import get_user_model

from dogs import services
from dogs.models import Dog

NAMES = ("Lazy", "Canela", "Bruno", "Luna", "Simón", "Toby", "Ñata", "Coco", "Max", "Frida")


def load() -> str:
    """Take the demo dogs in, unless there are dogs already."""
    if Dog.objects.exists():
        return "dogs are here already"
    owner = get_user_model()._default_manager.filter(is_active=True).order_by("pk").last()
    for number, name in enumerate(NAMES):
        adopted = number % 3 == 0
        services.register_dog(name=name, is_adopted=adopted, owner=owner if adopted else None)
    return f"{len(NAMES)} dogs"
