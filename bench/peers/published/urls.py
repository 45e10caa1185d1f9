"""Endpoints: POST /pcap/FILENAME (the file as body), POST /events (an object or an array)."""

from django.db import transaction
from django.urls import path
from rest_framework import serializers, status
from rest_framework.parsers import FileUploadParser
from rest_framework.response import Response
from rest_framework.views import APIView

from store.models import Capture, Event


class CaptureView(APIView):
    parser_classes = [FileUploadParser]

    def post(self, request, filename):
        file = request.data["file"]
        capture = Capture.objects.create(owner=request.user, file=file, size=file.size)
        return Response({"id": capture.pk}, status=status.HTTP_201_CREATED)


class EventSerializer(serializers.ModelSerializer):
    class Meta:
        model = Event
        exclude = ["owner", "received"]


class EventView(APIView):
    def post(self, request):
        many = isinstance(request.data, list)
        serializer = EventSerializer(data=request.data, many=many)
        serializer.is_valid(raise_exception=True)
        # Not ATOMIC_REQUESTS: a transaction that begins by reading the token cannot wait for its
        # turn to write, and half of the requests end with 500, "database is locked".
        with transaction.atomic():
            serializer.save(owner=request.user)
        count = len(request.data) if many else 1
        return Response({"stored": count}, status=status.HTTP_201_CREATED)


urlpatterns = [
    path("pcap/<str:filename>", CaptureView.as_view()),
    path("events", EventView.as_view()),
]
