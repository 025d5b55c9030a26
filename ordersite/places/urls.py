"""Paths under /api/v1."""

from django.urls import path

from ordersite.places import api

urlpatterns = [path("places", api.PlacesView.as_view())]
