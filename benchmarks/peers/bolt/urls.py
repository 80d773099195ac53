"""Django's own routes: none."""

urlpatterns: list[object] = []
